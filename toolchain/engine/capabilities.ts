import { readFileSync } from "node:fs";

/**
 * Whether root lacks a capability that the kernel knows, as in many sandboxes. A privileged container asks for all of
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

/** Whether the engine on this machine must be told to ask only for the capabilities that there are. */
export function needsBoundedRuntime(): boolean {
	if (process.platform !== "linux") return false;
	const last = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
	return lacksCapability(readFileSync("/proc/self/status", "utf8"), last);
}
