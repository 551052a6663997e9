/** Runs the Pulumi commands that change the stack. */
import { constants } from "node:os";
import { join } from "node:path";
import { execa, type Options } from "execa";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import type { Status } from "../display/showWork.ts";
import { stack } from "../stack/stack.ts";
import { type Limits, watchOperations } from "./operations.ts";
import { endProcesses } from "./processTree.ts";
import { withTemporaryFolder } from "./temporaryFolder.ts";
import { watchChanges } from "./watchChanges.ts";

export interface UpdateOptions {
	/** The cluster whose pods explain what Pulumi waits for. */
	access?: Access;
	/** Returns what Pulumi prints instead of printing it. */
	quiet?: boolean;
	/** Receives what Pulumi is doing. What changes is printed, and what Pulumi prints only if it fails. */
	status?: Status;
	/** Lines of Pulumi's output that aren't printed. */
	hide?: RegExp;
	limits?: Partial<Limits>;
	/** How long Pulumi may take to save its state after SIGINT, in ms. */
	timeToEnd?: number;
}

/** Pulumi's advice at the end of a destroy: `pulumi stack rm` would delete the stack's configuration, a tracked file. */
const advice = /^The resources in the stack have been deleted|^If you want to remove the stack completely/;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const resume = "run the same command again, it resumes where this one stopped";

/**
 * Runs `pulumi up`, `refresh` or `destroy` on the stack and returns its exit code. A signal to this command is passed on
 * to Pulumi once: at a second one Pulumi would abandon its work.
 */
export const pulumi = async (args: string[], options: UpdateOptions = {}): Promise<number> =>
	(await runUpdate(args, options)).code;

/** As `pulumi`. @throws with what Pulumi printed, if it fails */
export async function quietly(args: string[], options: UpdateOptions = {}): Promise<void> {
	const { code, output } = await runUpdate(args, { ...options, quiet: true });
	if (code !== 0) throw new Error(`the update failed:\n${output.trim()}`);
}

/** Destroys the stack's resources. */
export function removeResources({ access, status }: Pick<UpdateOptions, "access" | "status"> = {}): Promise<number> {
	// Pulumi doesn't know that its output, which passes a filter, reaches a terminal.
	const color = process.stdout.isTTY && !status ? ["--color", "always"] : [];
	const options = { ...(access && { access }), ...(status && { status }) };
	return pulumi(["destroy", "--yes", "--skip-preview", ...color], { hide: advice, ...options });
}

function outputTo({ quiet, status, hide }: UpdateOptions) {
	if (quiet || status) return "pipe" as const;
	if (hide === undefined) return "inherit" as const;
	const filter = function* (line: unknown) {
		if (!hide.test(String(line))) yield line;
	};
	return [filter, "inherit" as const];
}

function runUpdate(args: string[], options: UpdateOptions) {
	const { access, status, limits, timeToEnd = 20_000 } = options;
	const quiet = options.quiet ?? false;
	const isCaptured = quiet || status !== undefined;
	return withTemporaryFolder(async (folder) => {
		const eventLog = join(folder.path, "events.json");
		const interrupt = new AbortController();
		let received: NodeJS.Signals | undefined;
		const passOn = (signal: NodeJS.Signals) => {
			if (received) return;
			received = signal;
			interrupt.abort();
		};
		for (const signal of signals) process.on(signal, passOn);
		const running = execa("pulumi", [...args, "--stack", stack, "--event-log", eventLog], {
			stdin: "inherit",
			stdout: outputTo(options),
			stderr: isCaptured ? "pipe" : "inherit",
			all: isCaptured,
			reject: false,
			// In a session of its own: Ctrl-C in a terminal reaches the whole process group, and Pulumi a second time.
			detached: true,
			// The option --event-log exists only among the debug commands.
			env: { ...folder.env, PULUMI_DEBUG_COMMANDS: "true" },
		} satisfies Options);
		folder.usedBy(running.pid);
		interrupt.signal.addEventListener("abort", () => running.kill("SIGINT"));
		let gaveUp: string | undefined;
		const watch = watchOperations(eventLog, { ...limits, ...(access && { access }) }, (reason) => {
			gaveUp = reason;
			interrupt.abort();
			setTimeout(() => endProcesses(running.pid), timeToEnd).unref();
		});
		const changes = status && watchChanges(eventLog, status);
		const { exitCode, signal, all, code } = await running;
		watch.stop();
		await changes?.stop();
		for (const signal of signals) process.off(signal, passOn);
		if (code === "ENOENT") throw new Error("pulumi is not on PATH; fix: npm start, or source .toolchain/env");
		const output = String(all ?? "");
		if (gaveUp !== undefined) {
			if (status) console.error(output.trim());
			console.error(`error: ${gaveUp}`);
			return { code: exitCode || 1, output };
		}
		if (received !== undefined) {
			if (!quiet) console.error(`interrupted (${received}): ${resume}`);
			return { code: 128 + constants.signals[received], output };
		}
		if (status && (exitCode !== 0 || signal)) console.error(output.trim());
		if (signal) console.error(`pulumi was ended by ${signal}: ${resume}`);
		return { code: exitCode ?? 1, output };
	});
}
