/** Runs docker, kind, kubectl and pulumi. A failure becomes a message: what was run, what it printed, how to fix it. */
import { execa } from "execa";
import { isPackaged } from "./programs/packaged.ts";
import { shellText } from "./shell.ts";
import { withProgress } from "./waitProgress.ts";

export interface Ran {
	/** False: the program failed, and `message` says how, for the user. */
	ok: boolean;
	/** Undefined if a signal or the time limit ended the program. */
	exitCode: number | undefined;
	stdout: string;
	stderr: string;
	message: string;
}

export interface RunOptions {
	input?: string;
	/** Shows the program's stderr while it runs. */
	show?: boolean;
	/** Doesn't report that the program is still running: it is part of a wait that is reported as a whole. */
	silent?: boolean;
	/** Ends the program after this time. @default no limit */
	seconds?: number;
	/** Ends the program when it is aborted. */
	signal?: AbortSignal;
	/** Variables in addition to the environment of this process. */
	env?: Record<string, string>;
}

/** The fix in the repository, and the one for a program that uses the package. */
const fixes: [sign: RegExp, inRepository: string, forPackage?: string][] = [
	[
		/cannot connect to the docker daemon|is the docker daemon running|error during connect/i,
		"npm start, which starts the Docker engine",
		"start Docker, then pulumi up",
	],
	[
		/port is already allocated|address already in use/i,
		"stop the program that uses the port, or don't publish one (pulumi config rm hostPort)",
		"stop the program that uses the port, or publish another one",
	],
	[
		/no space left on device/i,
		"free disk space (docker system df shows what the engine uses), then run the command again",
	],
	[
		/pull access denied|manifest unknown|failed to pull image|unable to find image/i,
		"set nodeImage to an image that exists, or use the default, which npm start builds (pulumi config rm nodeImage)",
		"name an image that exists, or leave nodeImage out",
	],
	[
		/connection to the server .* was refused|connection refused|i\/o timeout|unable to connect to the server/i,
		"npm start, which starts stopped nodes; if the API server still doesn't answer, npm run destroy first",
		"pulumi up, which starts stopped nodes; if the API server still doesn't answer, pulumi destroy first",
	],
];
const fixFor = (printed: string): string | undefined => {
	const [, inRepository, forPackage = inRepository] = fixes.find(([sign]) => sign.test(printed)) ?? [];
	return isPackaged ? forPackage : inRepository;
};
const notOnPath = isPackaged ? "install it, or add its folder to PATH" : "npm start, or source .toolchain/env";
const otherFix = "correct the cause, then run the same command again: it resumes";

/** Runs a program. @throws only if it can't be started */
export async function attempt(program: string, args: string[], options: RunOptions = {}): Promise<Ran> {
	const { input, show, silent, seconds, signal, env } = options;
	const running = execa(program, args, {
		reject: false,
		stderr: show ? ["pipe", "inherit"] : "pipe",
		...(input !== undefined && { input }),
		...(seconds !== undefined && { timeout: seconds * 1000 }),
		...(signal && { cancelSignal: signal }),
		...(env && { env }),
	});
	const progress = () => `running ${short(program, args)}`;
	// What the program itself shows is its progress.
	const result = await (silent ? running : withProgress(progress, running, show ? 30 : 2));
	if (result.code === "ENOENT") throw new Error(`${program} is not on PATH; fix: ${notOnPath}`);
	// A program that can't be started has no output.
	const { failed, exitCode, stdout = "", stderr = "", shortMessage = "" } = result;
	const message = failed ? explain(shellText(program, ...args), essence(stderr) || shortMessage) : "";
	return { ok: !failed, exitCode, stdout, stderr, message };
}

/** Runs a program. @returns its stdout @throws if it fails, with a message for the user */
export async function run(program: string, args: string[], options: RunOptions = {}): Promise<string> {
	const { ok, stdout, message } = await attempt(program, args, options);
	if (!ok) throw new Error(message);
	return stdout;
}

function short(program: string, args: string[]): string {
	const text = shellText(program, ...args);
	return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

const explain = (command: string, printed: string): string =>
	`\`${command}\` failed: ${printed}\n  fix: ${fixFor(printed) ?? otherFix}`;

/** kind prints its progress before its error, and a stack trace after it. */
function essence(stderr: string): string {
	const lines = stderr.trim().split("\n");
	const error = lines.findIndex((line) => line.startsWith("ERROR: "));
	return (error < 0 ? lines.slice(-8) : lines.slice(error, error + 8)).join("\n");
}
