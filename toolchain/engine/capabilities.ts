import { readFileSync } from "node:fs";
import { type Advice, asRoot } from "../setupError.ts";
import type { Engine } from "./readEngine.ts";

/**
 * Whether root lacks a capability that the kernel knows, as in many sandboxes. A privileged container requests all of
 * them, and runc then refuses to start it: "unable to apply caps: operation not permitted".
 * @param status the text of /proc/self/status: CapBnd is a bit mask in hexadecimal, capabilities(7)
 * @param last the highest capability that the kernel knows: /proc/sys/kernel/cap_last_cap
 */
export function lacksCapability(status: string, last: number): boolean {
	const mask = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
	if (mask === undefined) throw new Error("/proc/self/status has no line CapBnd");
	const all = (1n << BigInt(last + 1)) - 1n;
	return (BigInt(`0x${mask}`) & all) !== all;
}

/** Whether the engine on this machine needs a runtime that requests only the available capabilities. */
export function needsBoundedRuntime(): boolean {
	if (process.platform !== "linux") return false;
	const last = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
	return lacksCapability(readFileSync("/proc/self/status", "utf8"), last);
}

/** Ends dockerd and waits until it has ended: it stops its containers first, and removes this file last. */
const endEngine = `${asRoot('kill "$(cat /var/run/docker.pid)"')} && while [ -e /var/run/docker.pid ]; do sleep 1; done`;

/** An engine that the user started may lack the runtime. Nothing is known about an engine on another machine. */
export function capabilityAdvice(
	{ here, defaultRuntime }: Pick<Engine, "here" | "defaultRuntime">,
	lacking = needsBoundedRuntime(),
): Advice | undefined {
	if (!here || !lacking || defaultRuntime === "bounded") return undefined;
	return {
		found:
			"root lacks a capability on this machine, and the Docker engine runs without the runtime that allows for it: " +
			'nodes may fail with "unable to apply caps". Stop the engine, and set-up starts it with that runtime',
		fix: `${endEngine} && npm run setup`,
	};
}
