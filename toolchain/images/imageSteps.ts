/** The images: of kind's nodes, pulled or built; of the echo and of dnsutils, which are published nowhere. */
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

/** The newest Kubernetes that kind 0.33 was released with; the digest is that of its release notes. */
const publishedNode = "kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed";

const sources = (...names: string[]): Promise<string> =>
	filesKey(...names.map((name) => join(project, "toolchain", "images", name)));

const shared = ["context.ts", "imageBuild.ts"];
const echoKey = () => sources(...shared, "goProgram.ts", "echo.ts", "echo");
const dnsutilsKey = () => sources(...shared, "debianBase.ts", "dnsutils.ts", "dnsutils");
const pulledKey = contentKey(publishedNode);
const builtKey = async () =>
	contentKey(await dnsutilsKey(), await sources("goProgram.ts", "node.ts", "node"), ...(await nodeProgramKeys()));

/** Where the id of the image that was made from these inputs is kept: an image of that id holds exactly them. */
const record = (tag: string, key: string): string => join(cacheRoot(), "images", contentKey(tag, key));

/** In ms. An engine that works answers in far less, one that hangs never would. */
const patience = 10_000;

/** @returns undefined where the engine has no such image, or there is no engine @throws SetupError where it hangs */
async function imageId(tag: string): Promise<string | undefined> {
	const args = ["image", "inspect", "--format", "{{.Id}}", tag];
	const options = { reject: false, timeout: patience, env: { PATH: systemPath() } } as const;
	const { stdout, failed, timedOut } = await execa("docker", args, options);
	if (timedOut) {
		// Not the same as an image that is not there: that would be built again.
		const found = `the Docker engine did not say within ${patience / 1000} s whether it has ${tag}`;
		throw new SetupError(found, "look why it hangs (`docker version`, its log), and restart it");
	}
	return failed ? undefined : stdout;
}

async function isMadeFrom(key: string, tag: string, id: string): Promise<boolean> {
	return existsSync(record(tag, key)) && (await readFile(record(tag, key), "utf8")) === id;
}

/** Makes an image and records which it is; the one that had its tag before goes, unless a container has it. */
async function make(tag: string, key: string, work: Work, build: () => Promise<unknown>): Promise<void> {
	const old = await imageId(tag);
	await build();
	const id = await imageId(tag);
	if (id === undefined) throw new Error(`${tag} was made, but the engine does not have it`);
	await mkdir(join(cacheRoot(), "images"), { recursive: true });
	await writeFile(record(tag, key), id);
	if (old !== undefined && old !== id) await work.run("docker", ["image", "rm", old], { reject: false });
}

/** Looks for an image made from what one of these keys stands for. */
async function findImage(tag: string, keys: Record<string, () => Promise<string>>): Promise<Have | undefined> {
	const id = await imageId(tag);
	if (id === undefined) return undefined;
	for (const [how, key] of Object.entries(keys)) {
		if (await isMadeFrom(await key(), tag, id)) return { what: `image ${tag}`, how };
	}
	return undefined;
}

/** Why the engine cannot pull from the public registry; undefined if it can, or has ways that only it knows. */
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

/** The Debian that dnsutils and the node are built from where none can be pulled; made once in a run, for both. */
function makeBase(work: Work): Promise<void> {
	base ??= (async () => {
		const key = await baseKey();
		if (await findImage(images.debian, { built: async () => key })) return;
		if (process.getuid?.() !== 0) {
			throw new SetupError("without a container registry, images are built by root only", "run this as root");
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
				`${images.echo} is built by Go, or by an image with Go; there is neither (${unreachable})`,
				installGo(await leastGo(echoSource)),
			);
		}
		await make(images.echo, await echoKey(), work, () => work.part("building", () => inContext(work, [], buildEcho)));
	},
};

export const dnsutilsStep: Step = {
	title: `image ${images.dnsutils}`,
	name: "image-dnsutils",
	needs: [engineStep],
	find: () => findImage(images.dnsutils, { built: dnsutilsKey }),
	async get(work) {
		const build = (from?: string) =>
			work.part("building", () => inContext(work, [], (context) => buildDnsutils(context, from)));
		const onPulledDebian = { name: "Debian's image", unreachable: whyNoRegistry, get: () => build() };
		const onOwnDebian = async () => {
			await makeBase(work);
			await build(images.debian);
			// Else it goes when the node image, which needs it too, is built.
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
	const theirs = await imageId(publishedNode);
	await make(images.node, pulledKey, work, async () => {
		await work.part("pulling", () => work.run("docker", ["pull", publishedNode]));
		await work.run("docker", ["tag", publishedNode, images.node]);
		// Under the lab's name alone `npm run clean` finds it; one that was there before keeps its name.
		if (theirs === undefined) await work.run("docker", ["image", "rm", publishedNode]);
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
