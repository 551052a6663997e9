import type { Run } from "../run.ts";

/** What building an image needs. */
export interface ImageContext {
	/** The folder with the built programs of Kubernetes, containerd, etcd and CoreDNS. */
	bin: string;
	/** A folder for intermediate files, empty at the start. */
	work: string;
	run: Run;
}

/** The names of all images of the lab start with it, and no others. */
export const imagePrefix = "nodeport-lab/";

/** The images' names in the engine. The node's CNI manifest contains the name of dnsutils too; node/preload checks it. */
export const images = {
	node: `${imagePrefix}node:1.36`,
	echo: `${imagePrefix}echo:0.1.0`,
	dnsutils: `${imagePrefix}dnsutils:0.1.0`,
	/** Exists only while the others are built. */
	debian: `${imagePrefix}debian:bookworm`,
} as const;
