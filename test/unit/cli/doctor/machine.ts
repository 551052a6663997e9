import type { Engine } from "../../../../toolchain/engine/readEngine.ts";

/** An engine on this machine that lacks nothing. */
export const engine: Engine = {
	version: "27.1.0",
	defaultRuntime: "runc",
	hasOwnWayOut: false,
	here: true,
	kernel: "6.8.0-45-generic",
	cgroupVersion: 2,
	rootless: false,
	dataFolder: "/var/lib/docker",
	memory: 16 * 2 ** 30,
};
