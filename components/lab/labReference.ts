import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../lib/userError.ts";
import { upAgain } from "./labContract.ts";

const run = promisify(execFile);

/**
 * A reference to a lab's stack that is there. A StackReference to none ends the program before it could say more than
 * "unknown stack", and cannot be caught: https://github.com/pulumi/pulumi/issues/16591
 * @param stack its full name, `<organization>/<project>/<stack>`
 * @throws UserError naming the project's stacks
 */
export async function labReference(stack: string, opts?: pulumi.CustomResourceOptions): Promise<pulumi.StackReference> {
	if (await isMissing(stack)) throw new UserError(await noSuchStack(stack));
	return new pulumi.StackReference(stack, {}, opts);
}

/** Whether Pulumi says that there is none. Where it says anything else, the reference itself will tell. */
async function isMissing(stack: string): Promise<boolean> {
	try {
		await pulumiSays("stack", "output", "schema", "--stack", stack);
		return false;
	} catch (error) {
		return /no stack named/.test((error as { stderr?: string }).stderr ?? "");
	}
}

async function noSuchStack(stack: string): Promise<string> {
	const list = ["stack", "ls", "--project", stack.split("/").at(-2) ?? ""];
	const there = await pulumiSays(...list, "--json").then(namesOf, () => []);
	const [allowed, fix] =
		there.length > 0 ? [there.join(", "), "name one of these, or bring it up: "] : ["none in this backend yet", ""];
	return (
		`the lab's stack: got "${stack}", allowed: ${allowed} (\`pulumi ${list.join(" ")}\` lists them); ` +
		`fix: ${fix}${upAgain(stack)}`
	);
}

const namesOf = (json: string): string[] => (JSON.parse(json) as { name: string }[]).map(({ name }) => name);

/** By the CLI that runs this program, in this program's backend. */
const pulumiSays = async (...args: string[]): Promise<string> =>
	(await run("pulumi", [...args, "--non-interactive"], { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } }))
		.stdout;
