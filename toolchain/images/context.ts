import type { Options } from "execa";

/** Runs one command; its output goes to the step's log, and its standard output is also returned. */
export type Run = (file: string, args: readonly string[], options?: Options) => Promise<{ stdout: string }>;

/** What building an image needs. */
export interface ImageContext {
	/** Folder with the built binaries of Kubernetes, containerd, etcd and CoreDNS. */
	bin: string;
	/** Folder for intermediate files, empty at the start. */
	work: string;
	run: Run;
}

/** The images as the engine names them. The CNI manifest of the node names dnsutils too; node/preload checks it. */
export const images = {
	node: "nodeport-lab/node:1.36",
	echo: "nodeport-lab/echo:0.1.0",
	dnsutils: "nodeport-lab/dnsutils:0.1.0",
	/** Only while the others are built. */
	debian: "nodeport-lab/debian:bookworm",
} as const;
