/** Runs docker, kind and kubectl. What they refuse becomes a message: what was run, what it said, what mends it. */
import { execa } from "execa";

export type Program = "docker" | "kind" | "kubectl";

export interface Ran {
	/** False: it failed, and `message` says how, for the user. */
	ok: boolean;
	stdout: string;
	stderr: string;
	message: string;
}

interface RunOptions {
	input?: string;
	/** Shows what it says on stderr while it runs. */
	show?: boolean;
}

const remedies: [RegExp, string][] = [
	[
		/cannot connect to the docker daemon|is the docker daemon running|error during connect/i,
		"no Docker engine answers: `npm start` starts one",
	],
	[
		/port is already allocated|address already in use/i,
		"end what uses the port, or publish none (pulumi config rm hostPort), or another",
	],
	[/no space left on device/i, "free some of the disk: `docker system df` shows what the engine holds"],
	[
		/pull access denied|manifest unknown|failed to pull image|unable to find image/i,
		"name an image that can be had (the usual one: pulumi config rm nodeImage); the lab's own are made by `npm start`",
	],
	[
		/connection to the server .* was refused|connection refused|i\/o timeout|unable to connect to the server/i,
		"the API server does not answer: `npm start` wakes its nodes; where that does not help, `npm run destroy` first",
	],
];
const otherwise = "mend what it says, then run the same command again: it goes on where it stopped";

/** Runs it, and tells how it ended. @throws only where it could not be started */
export async function attempt(program: Program, args: string[], { input, show }: RunOptions = {}): Promise<Ran> {
	const result = await execa(program, args, {
		reject: false,
		stderr: show ? ["pipe", "inherit"] : "pipe",
		...(input !== undefined && { input }),
	});
	if (result.code === "ENOENT")
		throw new Error(`${program} is not on PATH: run \`npm start\`, or source .toolchain/env`);
	const { failed, stdout, stderr, command, shortMessage } = result;
	return {
		ok: !failed,
		stdout,
		stderr,
		message: failed ? explain(command, essence(stderr) || (shortMessage ?? "")) : "",
	};
}

/** Runs it, and returns what it prints. @throws where it fails, with a message for the user */
export async function run(program: Program, args: string[], options: RunOptions = {}): Promise<string> {
	const { ok, stdout, message } = await attempt(program, args, options);
	if (!ok) throw new Error(message);
	return stdout;
}

const explain = (command: string, said: string): string =>
	`\`${command}\` failed: ${said}\n  what to do: ${remedies.find(([sign]) => sign.test(said))?.[1] ?? otherwise}`;

/** kind tells its progress before its error, and a stack after it. */
function essence(stderr: string): string {
	const lines = stderr.trim().split("\n");
	const error = lines.findIndex((line) => line.startsWith("ERROR: "));
	return (error < 0 ? lines.slice(-8) : lines.slice(error, error + 8)).join("\n");
}
