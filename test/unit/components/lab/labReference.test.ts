import { delimiter, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, it, vi } from "vitest";
import { labReference } from "../../../../components/lab/labReference.ts";
import { temporaryFolder, writeProgram } from "../../temporary.ts";
import { record, settled, stackOutputs } from "../recorder.ts";

const folder = temporaryFolder();
const missing = "organization/nodeport-lab/none";

/** A CLI with only the listed stacks. */
function pulumiThatLists(list: string): void {
	const script = `case "$*" in
"stack output schema --stack ${missing} --non-interactive") echo "error: no stack named '${missing}' found" >&2; exit 6 ;;
"stack ls --project nodeport-lab --json --non-interactive") ${list} ;;
*) exit 0 ;;
esac`;
	writeProgram(join(folder.path, "pulumi"), script);
	vi.stubEnv("PATH", `${folder.path}${delimiter}${process.env.PATH}`);
}

beforeEach(async () => void (await record("other", stackOutputs({ schema: "x" }))));

it("refers to the named stack", async () => {
	pulumiThatLists("exit 1");
	const reference = await labReference("organization/nodeport-lab/dev");
	expect(await settled(reference.name)).toBe("organization/nodeport-lab/dev");
	expect(await settled(reference.getOutput("schema"))).toBe("x");
});

it.each<[string, string, string]>([
	[
		"the existing stacks",
		`echo '[{"name":"dev"},{"name":"test"}]'`,
		`the lab's stack: got "${missing}", allowed: dev, test (\`pulumi stack ls --project nodeport-lab\` lists them); ` +
			"fix: use one of these, or bring it up: PULUMI_STACK=none npm start, in the lab's folder",
	],
	["that none exists", "echo '[]'", "lists them); fix: PULUMI_STACK=none npm start, in the lab's folder"],
	["how to list them, if that fails", "exit 1", "(`pulumi stack ls --project nodeport-lab` lists them)"],
])("refuses a missing stack and reports %s", async (_, list, message) => {
	pulumiThatLists(list);
	const error = await labReference(missing).catch((error: unknown) => error);
	expect(pulumi.RunError.isInstance(error)).toBe(true);
	expect((error as Error).message).toContain(message);
	expect((error as Error).stack).toBe("");
});

it("leaves the error to the engine if the CLI isn't found", async () => {
	vi.stubEnv("PATH", folder.path);
	expect(await settled((await labReference(missing)).name)).toBe(missing);
});
