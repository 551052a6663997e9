import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { redacted } from "../../../lib/redaction.ts";

const key = generateKeyPairSync("rsa", {
	modulusLength: 2048,
	publicKeyEncoding: { type: "spki", format: "pem" },
	privateKeyEncoding: { type: "pkcs8", format: "pem" },
}).privateKey;
const stamped = key.replaceAll(/^/gm, "2026-01-01T00:00:00Z stderr F ");
const base64url = (text: string) => Buffer.from(text).toString("base64url");
const jwt = `${base64url('{"alg":"RS256"}')}.${base64url('{"sub":"system:serviceaccount"}')}.${randomBytes(64).toString("base64url")}`;

/** Every piece of the key that is long enough to be of use to anybody. */
const pieces = key.split("\n").filter((line) => /^[\w+/=]{60,}$/.test(line));

describe("redacted", () => {
	it.each([
		["a PEM block", `before\n${key}after`],
		["a PEM block with timestamps", `before\n${stamped}\nafter`],
		["a PEM block in JSON", `before ${JSON.stringify({ key })} after`],
		["a PEM block without its beginning", `before\n${stamped.split("\n").slice(3).join("\n")}\nafter`],
		["a PEM block without its end", `before\n${stamped.split("\n").slice(0, -4).join("\n")}\nafter`],
	])("removes %s", (_, text) => {
		expect(pieces.length).toBeGreaterThan(20);
		const rest = redacted(text);
		expect(pieces.filter((piece) => rest.includes(piece))).toEqual([]);
		expect(rest).toMatch(/^before[\s\S]*after$/);
	});

	it.each([
		[
			"a kubeconfig's data",
			`client-key-data: ${Buffer.from(key).toString("base64")}\nnext`,
			"client-key-data: [removed]\nnext",
		],
		["a line of a key without a digit", `at 10:00 ${"aB+/".repeat(16)}\nnext`, "at 10:00 [removed]\nnext"],
		["a ServiceAccount's token", `got token ${jwt}, next`, "got token [removed], next"],
		["a bearer token", "Authorization: Bearer abcdef.0123456789abcdef; next", "Authorization: Bearer [removed]; next"],
		["a proxy's password", "http://user:pass@10.0.0.1:3128 next", "http://user:[removed]@10.0.0.1:3128 next"],
	])("removes %s and no more", (_, text, rest) => {
		expect(redacted(text)).toBe(rest);
	});

	it("leaves real rules and traces as they are", () => {
		const folders = ["rules/captured", "rules/kind", "trace"].map((name) => `test/fixtures/${name}`);
		const texts = folders.flatMap((folder) =>
			readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, "utf8")),
		);
		expect(texts.length).toBeGreaterThan(20);
		for (const text of texts) expect(redacted(text)).toBe(text);
	});

	it.each([
		'container="b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78" started',
		"image sha256:b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78",
		"mount /var/lib/kubelet/pods/2b6a2b62-0f5d-4c1e-9d1c-1c2f7b1f8b9e/volumes/kubernetes.io~projected/kube-api-access-x",
		'Unauthorized: WWW-Authenticate: Bearer realm="kubernetes"',
		"dial tcp https://172.18.0.2:6443/api/v1/nodes: connect: connection refused",
	])("leaves %j as it is", (text) => {
		expect(redacted(text)).toBe(text);
	});
});
