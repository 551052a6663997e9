import type { Run } from "../run.ts";

/** What building an image needs. */
export interface ImageContext {
	/** Folder with the built binaries of Kubernetes, containerd, etcd and CoreDNS. */
	bin: string;
	/** Folder for intermediate files, empty at the start. */
	work: string;
	run: Run;
}

/** All images of the lab are named so, and no other. */
export const imagePrefix = "nodeport-lab/";

/** The images as the engine names them. The CNI manifest of the node names dnsutils too; node/preload checks it. */
export const images = {
	node: `${imagePrefix}node:1.36`,
	echo: `${imagePrefix}echo:0.1.0`,
	dnsutils: `${imagePrefix}dnsutils:0.1.0`,
	/** Only while the others are built. */
	debian: `${imagePrefix}debian:bookworm`,
} as const;
