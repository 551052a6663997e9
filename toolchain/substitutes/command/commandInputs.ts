/** Refuses what the lab doesn't use, by name, before any command runs. */
import { z } from "zod";
import { containsUnknown, type Properties, withoutSecrets } from "../protocol/properties.ts";
import type { Failure } from "../protocol/provider.ts";
import { installOfficial } from "../protocol/serve.ts";

/** Progress comes from stderr, and no command gets the previous one's output. */
const only = (value: string | boolean) => ({ error: `any value except ${JSON.stringify(value)} ${installOfficial}` });
export const Inputs = z.strictObject({
	create: z.string(),
	update: z.string().optional(),
	delete: z.string().optional(),
	stdin: z.string().optional(),
	triggers: z.array(z.unknown()).optional(),
	logging: z.literal("stderr", only("stderr")),
	addPreviousOutputInEnv: z.literal(false, only(false)),
});
export type Inputs = z.infer<typeof Inputs>;

/** The unsupported and invalid inputs. Unknown values are checked once they are known. */
export function unsupportedInputs(type: string, inputs: Properties): Failure[] {
	if (type !== "command:local:Command") return [{ property: "", reason: `${type} ${installOfficial}` }];
	const open = Object.keys(inputs).filter((key) => containsUnknown(inputs[key] ?? null));
	const issues = Inputs.safeParse(withoutSecrets(inputs)).error?.issues ?? [];
	return issues
		.filter(({ path }) => !open.includes(String(path[0])))
		.flatMap((issue) =>
			issue.code === "unrecognized_keys"
				? issue.keys.map((key) => ({ property: key, reason: `${key} ${installOfficial}` }))
				: [{ property: issue.path.join("."), reason: issue.message }],
		);
}
