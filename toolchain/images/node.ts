import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Run } from "../run.ts";
import { type ImageContext, imagePrefix, images } from "./context.ts";
import { buildGoProgram } from "./goProgram.ts";
import { dockerBuild, importProgram, removeReplaced } from "./imageBuild.ts";

const source = `${import.meta.dirname}/node`;
/** Cluster images carry this prefix in the engine, so that none of the user's own is replaced; preload takes it off. */
const buildPrefix = `${imagePrefix}build/`;
/** In its container the cluster's images are preloaded. */
const machineImage = `${buildPrefix}machine`;
const nodeBinaries = ["containerd", "containerd-shim-runc-v2", "ctr", "kubectl"];

/**
 * Builds the node image for kind 0.33 from the Debian base, dnsutils and the built binaries: no registry. Its parts
 * are the cluster's images, the machine that runs them, and the machine with the images in it.
 */
export async function buildNodeImage(context: ImageContext): Promise<void> {
	await symlink("kubernetes", `${context.bin}/kubeadm`);
	const clusterImages = await buildClusterImages(context);
	await buildMachine(context);
	await preloadImages(context, clusterImages);
	await context.run("docker", ["image", "rm", machineImage, ...clusterImages]);
	await removeReplaced(context.run);
}

/** The images that kubeadm asks for, each with one static binary. Returns their names in the engine. */
async function buildClusterImages({ bin, work, run }: ImageContext): Promise<string[]> {
	const version = await kubernetesVersion(run, bin);
	const { stdout } = await run(`${bin}/kubeadm`, ["config", "images", "list", "--kubernetes-version", version]);
	const names = stdout.split("\n");
	await buildGoProgram(run, { cwd: source, target: "./pause/main.go", output: `${work}/pause` });
	// registry.k8s.io/coredns/coredns:v1.14.2 -> coredns
	const clusterImages = names.map((name) => ({ tag: buildPrefix + name, program: basename(name).replace(/:.*/, "") }));
	const isKubernetes = (program: string) => program.startsWith("kube-");
	// All programs of Kubernetes have the same layer, which is stored once.
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
		// It calls iptables, nft and conntrack.
		await writeFile(`${folder}/Dockerfile`, `FROM ${images.dnsutils}\nCOPY usr/ /usr/\n`);
		await dockerBuild(run, tag, folder);
	} else {
		await importProgram(run, tag, { folder, program });
	}
}

/** Debian with systemd, containerd, kubelet and what kind expects on a node. */
async function buildMachine({ bin, work, run }: ImageContext): Promise<void> {
	const folder = `${work}/machine`;
	await cp(source, folder, { recursive: true });
	for (const binary of nodeBinaries) await cp(`${bin}/${binary}`, `${folder}/bin/${binary}`);
	// kind reads one line.
	await writeFile(`${folder}/root/kind/version`, await kubernetesVersion(run, bin));
	await dockerBuild(run, machineImage, folder, { BASE: images.debian });
}

/** Puts the images into the store of the machine's containerd, and makes the node image of the result. */
async function preloadImages({ work, run }: ImageContext, clusterImages: readonly string[]): Promise<void> {
	const archive = `${work}/images.tar`;
	await run("docker", ["save", "--output", archive, ...clusterImages, images.dnsutils]);
	// containerd unpacks into overlayfs, which does not stack on the container's own: hence the volume.
	const volume = ["--mount", "type=volume,destination=/build"];
	// Should nobody be left to remove it, the container removes itself.
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

/** Removes the container that a killed build worked in. */
export async function removeLeftovers(run: Run): Promise<void> {
	const { stdout } = await run("docker", ["ps", "--all", "--quiet", "--filter", `ancestor=${machineImage}`]);
	const containers = stdout.split("\n").filter((id) => id !== "");
	if (containers.length > 0) await run("docker", ["rm", "--force", "--volumes", ...containers]);
}

async function kubernetesVersion(run: Run, bin: string): Promise<string> {
	const { stdout } = await run(`${bin}/kubeadm`, ["version", "--output", "short"]);
	return stdout;
}
