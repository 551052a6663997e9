/** Official downloads, checked by their vendors' checksums. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SetupError } from "../setupError.ts";

/** How long a host may take to answer, in milliseconds. */
const patience = 3000;

export interface Download {
	url: string;
	/** The vendor's file of SHA-256 checksums: lines of "<hash>  <file name>", or one hash. */
	checksums: string;
}

/** A request with a timeout, through the environment's proxy. */
async function request(url: string, options: { method?: string; signal?: AbortSignal } = {}) {
	// Loaded only if something is missing. Before Node 24, Node's own fetch ignores proxies.
	const { Agent, EnvHttpProxyAgent, fetch } = await import("undici");
	const connect = { timeout: patience };
	const proxied = process.env.HTTPS_PROXY ?? process.env.https_proxy;
	return fetch(url, { ...options, dispatcher: proxied ? new EnvHttpProxyAgent({ connect }) : new Agent({ connect }) });
}

const answers = new Map<string, Promise<string | undefined>>();

/** Why a host is unreachable; undefined if it answers within 3 s. Each host is checked once. */
export function whyUnreachable(url: string): Promise<string | undefined> {
	const { origin } = new URL(url);
	const known = answers.get(origin);
	if (known) return known;
	const answer = request(origin, { method: "HEAD", signal: AbortSignal.timeout(patience) }).then(
		() => undefined,
		(error: Error) => `${origin}: ${error.cause instanceof Error ? error.cause.message : error.message}`,
	);
	answers.set(origin, answer);
	return answer;
}

async function get(url: string) {
	const response = await request(url);
	if (!response.ok || !response.body) throw new Error(`${url}: HTTP ${response.status}`);
	return response;
}

/** A file's SHA-256 in its vendor's checksum file. */
export function expectedChecksum(checksums: string, file: string): string {
	const lines = checksums
		.trim()
		.split("\n")
		.map((line) => line.trim().split(/\s+/));
	const named = lines.find(([, name]) => name?.replace(/^\*/, "") === file);
	const alone = lines.length === 1 && lines[0]?.length === 1 ? lines[0] : undefined;
	const hash = (named ?? alone)?.[0];
	if (!hash || !/^[0-9a-f]{64}$/i.test(hash)) throw new Error(`the vendor's checksums don't contain ${file}`);
	return hash.toLowerCase();
}

async function checksum(path: string): Promise<string> {
	const hash = createHash("sha256");
	await pipeline(createReadStream(path), hash);
	return hash.digest("hex");
}

/** Downloads a file and checks it. */
export async function download({ url, checksums }: Download, path: string): Promise<void> {
	const expected = expectedChecksum(await (await get(checksums)).text(), basename(new URL(url).pathname));
	const response = await get(url);
	await pipeline(Readable.fromWeb(response.body as never), createWriteStream(path));
	const got = await checksum(path);
	if (got === expected) return;
	throw new SetupError(
		`${url} has the SHA-256 ${got}, not the ${expected} that its vendor published`,
		"find out who changes downloads on your network",
	);
}
