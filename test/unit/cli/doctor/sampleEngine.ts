import type { Engine } from "../../../../toolchain/engine/readEngine.ts";

/** A complete engine on this machine. */
export const engine: Engine = {
	version: "27.1.0",
	defaultRuntime: "runc",
	hasMirrorOrProxy: false,
	here: true,
	kernel: "6.8.0-45-generic",
	cgroupVersion: 2,
	rootless: false,
	limitsResources: true,
	desktop: false,
	addressPools: [],
	dataFolder: "/var/lib/docker",
	memory: 16 * 2 ** 30,
};
