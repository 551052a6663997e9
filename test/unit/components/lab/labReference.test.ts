import { delimiter, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, it, vi } from "vitest";
import { labReference } from "../../../../components/lab/labReference.ts";
import { temporaryFolder, writeProgram } from "../../temporary.ts";
import { record, settled, stackOutputs } from "../recorder.ts";

const folder = temporaryFolder();
const missing = "organization/nodeport-lab/none";

/** A CLI that knows no stack but those listed. */
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

it("leads to the stack that it names", async () => {
	pulumiThatLists("exit 1");
	const reference = await labReference("organization/nodeport-lab/dev");
	expect(await settled(reference.name)).toBe("organization/nodeport-lab/dev");
	expect(await settled(reference.getOutput("schema"))).toBe("x");
});

it.each<[string, string, string]>([
	[
		"those that there are",
		`echo '[{"name":"dev"},{"name":"test"}]'`,
		`the lab's stack: got "${missing}", allowed: dev, test (\`pulumi stack ls --project nodeport-lab\` lists them); ` +
			"fix: name one of these, or bring it up: PULUMI_STACK=none npm start, in the lab's folder",
	],
	["that there is none", "echo '[]'", "lists them); fix: PULUMI_STACK=none npm start, in the lab's folder"],
	["how they are listed, where that fails", "exit 1", "(`pulumi stack ls --project nodeport-lab` lists them)"],
])("refuses a stack that is not there, and tells %s", async (_, list, message) => {
	pulumiThatLists(list);
	const error = await labReference(missing).catch((error: unknown) => error);
	expect(pulumi.RunError.isInstance(error)).toBe(true);
	expect((error as Error).message).toContain(message);
	expect((error as Error).stack).toBe("");
});

it("leaves it to the engine where there is no CLI to ask", async () => {
	vi.stubEnv("PATH", folder.path);
	expect(await settled((await labReference(missing)).name)).toBe(missing);
});
