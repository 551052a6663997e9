import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../lib/userError.ts";
import { upAgain } from "./labContract.ts";

const run = promisify(execFile);

/**
 * A reference to the stack of a lab. A StackReference to a missing stack ends the program with "unknown stack", which can't
 * be caught: https://github.com/pulumi/pulumi/issues/16591
 * @param stack its full name, `<organization>/<project>/<stack>`
 * @throws UserError with the project's stacks, if this one doesn't exist
 */
export async function labReference(stack: string, opts?: pulumi.CustomResourceOptions): Promise<pulumi.StackReference> {
	if (await isMissing(stack)) throw new UserError(await noSuchStack(stack));
	return new pulumi.StackReference(stack, {}, opts);
}

/** Whether Pulumi reports that the stack doesn't exist. The StackReference itself reports other errors. */
async function isMissing(stack: string): Promise<boolean> {
	try {
		await runPulumi("stack", "output", "schema", "--stack", stack);
		return false;
	} catch (error) {
		return /no stack named/.test((error as { stderr?: string }).stderr ?? "");
	}
}

async function noSuchStack(stack: string): Promise<string> {
	const list = ["stack", "ls", "--project", stack.split("/").at(-2) ?? ""];
	const stacks = await runPulumi(...list, "--json").then(namesOf, () => []);
	const [allowed, fix] =
		stacks.length > 0
			? [stacks.join(", "), "use one of these, or bring it up: "]
			: ["an existing one, but this backend has none", ""];
	return (
		`the lab's stack: got "${stack}", allowed: ${allowed} (\`pulumi ${list.join(" ")}\` lists them); ` +
		`fix: ${fix}${upAgain(stack)}`
	);
}

const namesOf = (json: string): string[] => (JSON.parse(json) as { name: string }[]).map(({ name }) => name);

/** Runs the CLI that runs this program, so that both use the same backend. */
const runPulumi = async (...args: string[]): Promise<string> =>
	(await run("pulumi", [...args, "--non-interactive"], { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } }))
		.stdout;
