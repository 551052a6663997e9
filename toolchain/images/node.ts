import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Run } from "../run.ts";
import { type ImageContext, imagePrefix, images } from "./context.ts";
import { buildGoProgram } from "./goProgram.ts";
import { dockerBuild, importProgram, removeReplaced } from "./imageBuild.ts";

const source = `${import.meta.dirname}/node`;
/** Cluster images have this prefix in the engine, so that they don't replace the user's images; preload removes it. */
const buildPrefix = `${imagePrefix}build/`;
/** The cluster's images are preloaded in a container of this image. */
const machineImage = `${buildPrefix}machine`;
const nodeBinaries = ["containerd", "containerd-shim-runc-v2", "ctr", "kubectl"];

/**
 * Builds the node image for kind 0.33 from the Debian base, dnsutils and the built programs, without a registry: first the
 * cluster's images, then the machine that runs them, last the machine with the images in it.
 */
export async function buildNodeImage(context: ImageContext): Promise<void> {
	await symlink("kubernetes", `${context.bin}/kubeadm`);
	const clusterImages = await buildClusterImages(context);
	await buildMachine(context);
	await preloadImages(context, clusterImages);
	await context.run("docker", ["image", "rm", machineImage, ...clusterImages]);
	await removeReplaced(context.run);
}

/** Builds the images that kubeadm needs, each with one static program. @returns their names in the engine */
async function buildClusterImages({ bin, work, run }: ImageContext): Promise<string[]> {
	const version = await kubernetesVersion(run, bin);
	const { stdout } = await run(`${bin}/kubeadm`, ["config", "images", "list", "--kubernetes-version", version]);
	const names = stdout.split("\n");
	await buildGoProgram(run, { cwd: source, target: "./pause/main.go", output: `${work}/pause` });
	// registry.k8s.io/coredns/coredns:v1.14.2 -> coredns
	const clusterImages = names.map((name) => ({ tag: buildPrefix + name, program: basename(name).replace(/:.*/, "") }));
	const isKubernetes = (program: string) => program.startsWith("kube-");
	// All programs of Kubernetes share one layer.
	const kubernetes = `${work}/image-kubernetes`;
	await addProgram(kubernetes, `${bin}/kubernetes`);
	for (const { program } of clusterImages.filter(({ program }) => isKubernetes(program))) {
		await symlink("kubernetes", `${kubernetes}/usr/local/bin/${program}`);
	}
	for (const { tag, program } of clusterImages) {
		const folder = isKubernetes(program) ? kubernetes : `${work}/image-${program}`;
		if (folder !== kubernetes) await addProgram(folder, program === "pause" ? `${work}/pause` : `${bin}/${program}`);
		await buildClusterImage(run, { tag, program, folder });
	}
	return names.map((name) => buildPrefix + name);
}

async function addProgram(folder: string, file: string): Promise<void> {
	await mkdir(`${folder}/usr/local/bin`, { recursive: true });
	await cp(file, `${folder}/usr/local/bin/${basename(file)}`);
}

async function buildClusterImage(
	run: Run,
	{ tag, program, folder }: { tag: string; program: string; folder: string },
): Promise<void> {
	if (program === "kube-proxy") {
		// It runs iptables, nft and conntrack.
		await writeFile(`${folder}/Dockerfile`, `FROM ${images.dnsutils}\nCOPY usr/ /usr/\n`);
		await dockerBuild(run, tag, folder);
	} else {
		await importProgram(run, tag, { folder, program });
	}
}

/** Builds Debian with systemd, containerd, the kubelet and what kind expects on a node. */
async function buildMachine({ bin, work, run }: ImageContext): Promise<void> {
	const folder = `${work}/machine`;
	await cp(source, folder, { recursive: true });
	for (const binary of nodeBinaries) await cp(`${bin}/${binary}`, `${folder}/bin/${binary}`);
	// kind reads only one line.
	await writeFile(`${folder}/root/kind/version`, await kubernetesVersion(run, bin));
	await dockerBuild(run, machineImage, folder, { BASE: images.debian });
}

/** Loads the images into the machine's containerd, and makes the node image from the result. */
async function preloadImages({ work, run }: ImageContext, clusterImages: readonly string[]): Promise<void> {
	const archive = `${work}/images.tar`;
	await run("docker", ["save", "--output", archive, ...clusterImages, images.dnsutils]);
	// A volume, because containerd unpacks into overlayfs, which can't be on the container's own overlayfs.
	const volume = ["--mount", "type=volume,destination=/build"];
	// The container removes itself if this process is killed.
	const idle = ["--rm", "--entrypoint", "sleep", machineImage, "600"];
	const { stdout: container } = await run("docker", ["run", "--detach", "--privileged", ...volume, ...idle]);
	try {
		await run("docker", ["cp", archive, `${container}:/build/images.tar`]);
		await run("docker", ["exec", "--interactive", container, "sh"], { inputFile: `${source}/preload` });
		const entrypoint = 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]';
		await run("docker", ["commit", "--change", entrypoint, container, images.node]);
	} finally {
		await run("docker", ["rm", "--force", "--volumes", container]);
	}
}

/** Removes the container of a killed build. */
export async function removeLeftovers(run: Run): Promise<void> {
	const { stdout } = await run("docker", ["ps", "--all", "--quiet", "--filter", `ancestor=${machineImage}`]);
	const containers = stdout.split("\n").filter((id) => id !== "");
	if (containers.length > 0) await run("docker", ["rm", "--force", "--volumes", ...containers]);
}

async function kubernetesVersion(run: Run, bin: string): Promise<string> {
	const { stdout } = await run(`${bin}/kubeadm`, ["version", "--output", "short"]);
	return stdout;
}
