import { describe, expect, it } from "vitest";
import { pathsText } from "../../../../report/diagnosis/pathText.ts";
import { parseDump, walkDump } from "../../../../verification/diagnosis/singleDump.ts";
import { fixture } from "../trace/traceLab.ts";
import { refusalOf } from "./refusal.ts";

const iptables = { path: "save.txt", text: fixture("nodeport-worker2.iptables.txt") };
const nodeIp = "172.18.0.9";
const options = { rules: false, width: 120, more: ["--verbose"] };
const request = { nodeIp, from: "198.51.100.7", to: `${nodeIp}:30040`, protocol: "tcp" as const };

it("predicts where a node's rules lead a packet, without knowledge of the cluster", () => {
	const { packet, paths } = walkDump(parseDump([iptables]), request);
	expect(paths).toMatchObject([
		{ outcome: "endpoint", endpoint: { address: "10.244.1.10", port: 8080 }, masqueraded: true, clientIp: nodeIp },
	]);
	expect(pathsText(paths, { packet, node: nodeIp }, options)).toMatch(
		/\n *\d+\. KUBE-SEP-\S+ rewrites the destination \(DNAT\) +172\.18\.0\.9:30040 +10\.244\.1\.10:8080\n(.*\n)*It leaves for 10\.244\.1\.10:8080, with the source address 172\.18\.0\.9\.\n\d+ of \d+ rules only pass it on\. All: --verbose$/,
	);
});

it.each([
	["a nodePort without endpoints", { to: `${nodeIp}:30044` }, "rejects it with icmp-port-unreachable"],
	["a nodePort without local endpoints", { to: `${nodeIp}:30043` }, "drops it, and the client's request times out"],
	["a port that no rule serves", { to: `${nodeIp}:9999` }, "No rule translates its destination"],
	["a process of the node", { from: nodeIp, to: "10.96.132.81:8080" }, "It leaves for 10.244.1.10:8080"],
])("explains %s", (_, changes, end) => {
	const { packet, paths } = walkDump(parseDump([iptables]), { ...request, ...changes });
	expect(pathsText(paths, { packet, node: nodeIp }, options)).toContain(end);
});

it("reads nft's JSON, with the rules of iptables next to it", () => {
	const files = [
		{ path: "nft.json", text: fixture("nftables.json") },
		{ path: "save.txt", text: fixture("nftables.iptables.txt") },
	];
	const { paths } = walkDump(parseDump(files), { ...request, nodeIp: "172.18.0.13", to: "172.18.0.13:30040" });
	expect(new Set(paths.map(({ outcome }) => outcome))).toEqual(new Set(["endpoint"]));
});

describe("refuses what would make the answer wrong", () => {
	it("a truncated dump", async () => {
		const cut = { ...iptables, text: iptables.text.slice(0, -100) };
		expect(await refusalOf(() => parseDump([cut]))).toContain("save.txt isn't the whole output of iptables-save: ");
	});

	it("JSON that isn't a ruleset", async () => {
		expect(await refusalOf(() => parseDump([{ path: "x.json", text: "{" }]))).toContain("x.json can't be parsed: ");
	});

	it.each([
		[{ to: "nodeport-worker" }, '--to "nodeport-worker": must be <IP address>:<port>'],
		[{ to: `${nodeIp}:0` }, "with a port from 1 to 65535"],
		[{ from: "dnsutils" }, '--from "dnsutils": must be an IP address'],
		[{ nodeIp: "worker" }, '--node-ip "worker": must be an IP address'],
	])("%j", async (changes, message) => {
		expect(await refusalOf(() => walkDump(parseDump([iptables]), { ...request, ...changes }))).toContain(message);
	});

	it("an address of another family than the rules", () => {
		const asked = { ...request, from: "2001:db8::1" };
		expect(() => walkDump(parseDump([iptables]), asked)).toThrow("the packet's address must be ipv4");
	});
});
