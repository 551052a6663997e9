import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { download, expectedChecksum, whyUnreachable } from "../../../../toolchain/tools/download.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();
const content = "the program";
const sum = createHash("sha256").update(content).digest("hex");
const other = "0".repeat(64);

let server: Server;
let origin: string;
const asked: string[] = [];

async function listen(server: Server): Promise<{ server: Server; origin: string }> {
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

beforeAll(async () => {
	const files: Record<string, string> = { "/tool": content, "/sums": `${sum}  tool\n`, "/wrong": `${other}  tool\n` };
	const answering = createServer((request, response) => {
		asked.push(`${request.method} ${request.url}`);
		const file = files[request.url ?? ""];
		response.writeHead(file === undefined ? 404 : 200).end(request.method === "HEAD" ? "" : file);
	});
	({ server, origin } = await listen(answering));
});

afterAll(() => {
	server.close();
	server.closeAllConnections();
});

describe("a vendor's checksums", () => {
	test.each([
		["a list of files", `${other}  tool-arm64\n${sum}  tool\n`],
		["a list that marks files as binary", `${sum} *tool\n`],
		["one hash alone", sum.toUpperCase()],
	])("can be %s", (_, text) => {
		expect(expectedChecksum(text, "tool")).toBe(sum);
	});

	test.each([
		["names other files only", `${sum}  tool-arm64\n`],
		["has no SHA-256", "d41d8cd98f00b204e9800998ecf8427e  tool\n"],
		["is a web page", "<html>\nnot found</html>"],
	])("fails if the file %s", (_, text) => {
		expect(() => expectedChecksum(text, "tool")).toThrow("don't contain tool");
	});
});

test("keeps a download with the published checksum", async () => {
	const path = join(folder.path, "tool");
	await download({ url: `${origin}/tool`, checksums: `${origin}/sums` }, path);
	expect(readFileSync(path, "utf8")).toBe(content);
});

test("fails with both checksums if a download isn't the published file", async () => {
	const from = { url: `${origin}/tool`, checksums: `${origin}/wrong` };
	await expect(download(from, join(folder.path, "tool"))).rejects.toThrow(`${sum}, not the ${other}`);
});

test("fails with the URL if a file doesn't exist", async () => {
	const from = { url: `${origin}/none`, checksums: `${origin}/sums2` };
	await expect(download(from, join(folder.path, "tool"))).rejects.toThrow(`${origin}/sums2: HTTP 404`);
});

test("a host with any answer is reachable, and is checked once", async () => {
	asked.length = 0;
	const answers = await Promise.all(["a", "b"].map((path) => whyUnreachable(`${origin}/${path}`)));
	expect(answers).toEqual([undefined, undefined]);
	expect(asked).toEqual(["HEAD /"]);
});

test("a host that refuses the connection is unreachable, with the reason", async () => {
	const closed = await listen(createServer(() => {}));
	await new Promise((resolve) => closed.server.close(resolve));
	expect(await whyUnreachable(`${closed.origin}/tool`)).toMatch(/^http:.*ECONNREFUSED/);
});

test("a host that never answers counts as unreachable after three seconds", async () => {
	const silent = await listen(createServer(() => {}));
	const began = Date.now();
	expect(await whyUnreachable(silent.origin)).toContain("timeout");
	expect(Date.now() - began).toBeLessThan(10_000);
	silent.server.closeAllConnections();
	silent.server.close();
});
