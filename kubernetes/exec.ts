/** Runs programs in a container of a pod, or on this machine. */
import { type Readable, Writable } from "node:stream";
import { Exec, type KubeConfig, type V1Status } from "@kubernetes/client-node";
import { execa } from "execa";
import type { Runner } from "./clients.ts";
import { type Access, kubectlCommand } from "./kubeAccess.ts";

/** How a program ended: `code` is its exit code, or -1 if it couldn't be started or didn't end. */
export interface Ran {
	code: number;
	stdout: string;
	stderr: string;
}

/** The command that runs the program where the runner says. */
export function commandFor(access: Access, runner: Runner, program: string[]): string[] {
	if ("spawn" in runner) return [...runner.spawn, ...program];
	const { namespace, pod, container } = runner.exec;
	return kubectlCommand(access, "exec", "-n", namespace, pod, "-c", container, "--", ...program);
}

/**
 * The command that restarts a node's kube-proxy, which then writes all of its rules again.
 * @returns undefined if no pod of it is known
 */
export function restartProxyCommand(access: Access, proxy: Runner | undefined): string[] | undefined {
	if (!proxy || !("exec" in proxy)) return undefined;
	const { namespace, pod } = proxy.exec;
	return kubectlCommand(access, "delete", "pod", "-n", namespace, pod);
}

/** Input and output of a program while it runs. */
export interface Dialogue {
	stdin: Readable;
	/** Called when the program prints, with everything on stdout and stderr so far. */
	onOutput(soFar: string): void;
}

export class Programs {
	private readonly executor: Exec;

	constructor(config: KubeConfig) {
		this.executor = new Exec(config);
	}

	/** Never rejects: a program that couldn't run or didn't end in time has code -1. */
	async run(runner: Runner, program: string[], seconds: number, dialogue?: Dialogue): Promise<Ran> {
		try {
			if ("exec" in runner) return await this.exec(runner.exec, program, seconds, dialogue);
			if (dialogue) throw new Error("a dialogue is only possible with a program in a pod");
			const [file = "", ...args] = [...runner.spawn, ...program];
			const { exitCode, stdout, stderr, shortMessage } = await execa(file, args, {
				reject: false,
				timeout: seconds * 1000,
			});
			return { code: exitCode ?? -1, stdout, stderr: stderr || (shortMessage ?? "") };
		} catch (error) {
			// A connection that can't be opened rejects with an event: not an Error, but it has a message.
			const { message } = error as { message?: string };
			return { code: -1, stdout: "", stderr: message ?? String(error) };
		}
	}

	private async exec(
		{ namespace, pod, container }: { namespace: string; pod: string; container: string },
		program: string[],
		seconds: number,
		dialogue?: Dialogue,
	): Promise<Ran> {
		const onMore = () => dialogue?.onOutput(stdout.text + stderr.text);
		const stdout = new Collector(onMore);
		const stderr = new Collector(onMore);
		const stdin = dialogue?.stdin ?? null;
		const where = `pod ${namespace}/${pod}`;
		const abandon = new AbortController();
		const status = new Promise<V1Status>((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`no answer from ${where} within ${seconds} s`)), seconds * 1000);
			abandon.signal.addEventListener("abort", () => clearTimeout(timer));
			this.executor.exec(namespace, pod, container, program, stdout, stderr, stdin, false, resolve).then((socket) => {
				socket.onclose = () => reject(new Error(`the connection to ${where} was closed`));
				abandon.signal.addEventListener("abort", () => socket.close());
				if (abandon.signal.aborted) socket.close();
			}, reject);
		});
		try {
			return { code: exitCode(await status), stdout: stdout.text, stderr: stderr.text };
		} finally {
			abandon.abort();
		}
	}
}

/** Collects what is written to it. */
class Collector extends Writable {
	private readonly chunks: Buffer[] = [];
	private readonly onMore: () => void;

	constructor(onMore: () => void) {
		super();
		this.onMore = onMore;
	}

	override _write(chunk: Buffer, _encoding: string, done: () => void): void {
		this.chunks.push(chunk);
		this.onMore();
		done();
	}

	get text(): string {
		return Buffer.concat(this.chunks).toString("utf8");
	}
}

/** The kubelet reports an exit code other than 0 as a cause of the status. */
function exitCode(status: V1Status): number {
	if (status.status === "Success") return 0;
	const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
	if (cause === undefined) throw new Error(status.message ?? "the program couldn't be run");
	return Number(cause.message);
}
