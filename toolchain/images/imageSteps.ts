/** The image of kind's nodes, pulled or built, and the images of the echo and dnsutils, which aren't published. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { hasGo, installGo, leastGo } from "../builds/goCommand.ts";
import { gatherPrograms, makeNodePrograms, nodeProgramKeys } from "../builds/nodePrograms.ts";
import { contentKey, filesKey, inTemporaryFolder } from "../cache.ts";
import { engineStep } from "../engine/engine.ts";
import { askEngine } from "../engine/readEngine.ts";
import { cacheRoot, project } from "../layout.ts";
import { requireProgram } from "../machine/debianPackages.ts";
import { systemPath } from "../path.ts";
import { SetupError } from "../setupError.ts";
import { type Have, obtain, type Step, type Work } from "../steps/step.ts";
import { whyUnreachable } from "../tools/download.ts";
import { type ImageContext, images } from "./context.ts";
import { buildDebianBase } from "./debianBase.ts";
import { buildDnsutils } from "./dnsutils.ts";
import { buildEcho, echoSource } from "./echo.ts";
import { buildNodeImage, removeLeftovers } from "./node.ts";

/** The newest Kubernetes in kind 0.33's release notes, with the digest from there. */
const publishedNode = "kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed";

const sources = (...names: string[]): Promise<string> =>
	filesKey(...names.map((name) => join(project, "toolchain", "images", name)));

const shared = ["context.ts", "imageBuild.ts"];
const echoKey = () => sources(...shared, "goProgram.ts", "echo.ts", "echo");
const dnsutilsKey = async () => contentKey(await echoKey(), await sources("debianBase.ts", "dnsutils.ts", "dnsutils"));
const pulledKey = contentKey(publishedNode);
const builtKey = async () =>
	contentKey(await dnsutilsKey(), await sources("goProgram.ts", "node.ts", "node"), ...(await nodeProgramKeys()));

/** The file with the id of the image that was built from these inputs. */
const record = (tag: string, key: string): string => join(cacheRoot(), "images", contentKey(tag, key));

/** In ms. A working engine answers much faster. */
const patience = 10_000;

/** @returns undefined if the engine doesn't have the image or doesn't run @throws SetupError if the engine hangs */
async function imageId(tag: string): Promise<string | undefined> {
	const args = ["image", "inspect", "--format", "{{.Id}}", tag];
	const options = { reject: false, timeout: patience, env: { PATH: systemPath() } } as const;
	const { stdout, failed, timedOut } = await execa("docker", args, options);
	if (timedOut) {
		// Not the same as a missing image, which would be built again.
		const found = `the Docker engine hasn't reported within ${patience / 1000} s whether it has ${tag}`;
		throw new SetupError(found, "find out why it hangs (`docker version`, its log), and restart it");
	}
	return failed ? undefined : stdout;
}

async function isMadeFrom(key: string, tag: string, id: string): Promise<boolean> {
	return existsSync(record(tag, key)) && (await readFile(record(tag, key), "utf8")) === id;
}

/** Builds an image and records its id. Removes the image that had the tag before, unless a container uses it. */
async function make(tag: string, key: string, work: Work, build: () => Promise<unknown>): Promise<void> {
	const old = await imageId(tag);
	await build();
	const id = await imageId(tag);
	if (id === undefined) throw new Error(`${tag} was built, but the engine doesn't have it`);
	await mkdir(join(cacheRoot(), "images"), { recursive: true });
	await writeFile(record(tag, key), id);
	if (old !== undefined && old !== id) await work.run("docker", ["image", "rm", old], { reject: false });
}

/** Finds the image if it was built from the inputs of one of these keys. */
async function findImage(tag: string, keys: Record<string, () => Promise<string>>): Promise<Have | undefined> {
	const id = await imageId(tag);
	if (id === undefined) return undefined;
	for (const [how, key] of Object.entries(keys)) {
		if (await isMadeFrom(await key(), tag, id)) return { what: `image ${tag}`, how };
	}
	return undefined;
}

/** Why the engine can't pull from the public registry; undefined if it can, or if it has a mirror or a proxy. */
async function whyNoRegistry(): Promise<string | undefined> {
	const answer = await askEngine();
	if ("engine" in answer && answer.engine.hasMirrorOrProxy) return undefined;
	return whyUnreachable("https://registry-1.docker.io");
}

async function inContext(work: Work, programs: string[], build: (context: ImageContext) => Promise<void>) {
	await inTemporaryFolder("image", async (folder) => {
		const context = { bin: join(folder, "bin"), work: join(folder, "work"), run: work.run };
		await mkdir(context.bin);
		await mkdir(context.work);
		await gatherPrograms(programs, context.bin);
		await build(context);
	});
}

const baseKey = () => sources(...shared, "debianBase.ts", "dnsutils.ts");
let base: Promise<void> | undefined;

/** Makes the Debian base of dnsutils and the node, if none can be pulled. Once in a run, for both. */
function makeBase(work: Work): Promise<void> {
	base ??= (async () => {
		const key = await baseKey();
		if (await findImage(images.debian, { built: async () => key })) return;
		if (process.getuid?.() !== 0) {
			throw new SetupError("without a container registry, only root can build the images", "run the command as root");
		}
		await requireProgram("mmdebstrap", "building an image without a container registry", work.run);
		await make(images.debian, key, work, () =>
			work.part("making a Debian root file system", () => inContext(work, [], buildDebianBase)),
		);
	})();
	return base;
}

async function removeBase({ run }: Work): Promise<void> {
	await run("docker", ["image", "rm", images.debian]);
}

export const echoStep: Step = {
	title: `image ${images.echo}`,
	name: "image-echo",
	needs: [engineStep],
	find: () => findImage(images.echo, { built: echoKey }),
	async get(work) {
		const unreachable = (await hasGo(echoSource)) ? undefined : await whyNoRegistry();
		if (unreachable) {
			throw new SetupError(
				`${images.echo} needs Go or an image with Go; neither is available (${unreachable})`,
				installGo(await leastGo(echoSource)),
			);
		}
		await make(images.echo, await echoKey(), work, () => work.part("building", () => inContext(work, [], buildEcho)));
	},
};

export const dnsutilsStep: Step = {
	title: `image ${images.dnsutils}`,
	name: "image-dnsutils",
	needs: [engineStep, echoStep],
	find: () => findImage(images.dnsutils, { built: dnsutilsKey }),
	async get(work) {
		const build = (from?: string) =>
			work.part("building", () => inContext(work, [], (context) => buildDnsutils(context, from)));
		const onPulledDebian = { name: "Debian's image", unreachable: whyNoRegistry, get: () => build() };
		const onOwnDebian = async () => {
			await makeBase(work);
			await build(images.debian);
			// Otherwise it is removed once the node image, which needs it too, is built.
			if (await nodeStep.find()) await removeBase(work);
		};
		await make(images.dnsutils, await dnsutilsKey(), work, () => obtain([onPulledDebian], onOwnDebian, work));
	},
};

export const nodeStep: Step = {
	title: `image ${images.node}`,
	name: "image-node",
	needs: [engineStep],
	find: () => findImage(images.node, { downloaded: async () => pulledKey, built: builtKey }),
	get(work) {
		const published = { name: publishedNode, unreachable: whyNoRegistry, get: () => pullNode(work) };
		return obtain([published], () => buildNode(work), work);
	},
};

async function pullNode(work: Work): Promise<void> {
	const existing = await imageId(publishedNode);
	await make(images.node, pulledKey, work, async () => {
		await work.part("pulling", () => work.run("docker", ["pull", publishedNode]));
		await work.run("docker", ["tag", publishedNode, images.node]);
		// With only the lab's name, `npm run clean` finds it. An image that existed before keeps its name.
		if (existing === undefined) await work.run("docker", ["image", "rm", publishedNode]);
	});
}

async function buildNode(work: Work): Promise<void> {
	const [programs] = await Promise.all([makeNodePrograms(work), work.done(dnsutilsStep).then(() => makeBase(work))]);
	await make(images.node, await builtKey(), work, () =>
		work.part("putting the image together", async () => {
			await removeLeftovers(work.run);
			await inContext(work, programs, buildNodeImage);
			await removeBase(work);
		}),
	);
}
