import { describe, expect, it } from "vitest";
import { clientNamed, viewAsked } from "../../../../cli/explain/explainedView.ts";
import type { ClusterSnapshot, PlacedClient } from "../../../../kubernetes/snapshot.ts";
import { Family } from "../../../../netfilter/model.ts";
import { dnsutils, sampleView } from "../../verification/sampleSnapshot.ts";

const client: PlacedClient = { name: "dnsutils", run: { spawn: ["true"] }, get: ["curl"], place: dnsutils };

/** A Service with both families and protocols; only TCP over IPv4 has a client. */
const [first, ...otherViews] = Family.options.flatMap((family) =>
	(["tcp", "udp"] as const).map((protocol) =>
		sampleView({ family, protocol, clients: family === "ipv4" && protocol === "tcp" ? [client] : [] }),
	),
);
const all: ClusterSnapshot = { ...sampleView(), ...first, otherViews };
const single = sampleView({ clients: [client] });

describe("the view that a packet is explained in", () => {
	it.each([
		["is the first one by default", { to: "nodeport-worker" }, "ipv4 tcp"],
		["has the family of an IPv6 address", { to: "[fd00::9]:8080" }, "ipv6 tcp"],
		["has the family of an IPv4 address", { to: "172.18.0.4:30040" }, "ipv4 tcp"],
		["has the family that is asked for a node", { to: "nodeport-worker", family: "ipv6" }, "ipv6 tcp"],
		["has the family that is asked for a name", { to: "nodeport-service:8080", family: "ipv6" }, "ipv6 tcp"],
		["has the protocol that is asked for", { to: "serviceDns", protocol: "udp" }, "ipv4 udp"],
		["has both", { to: "[fd00::9]:8080", family: "ipv6", protocol: "udp" }, "ipv6 udp"],
		[
			"is found in capitals, as the settings have them",
			{ to: "clusterIp", family: "IPv6", protocol: "UDP" },
			"ipv6 udp",
		],
	])("%s", (_, asked, view) => {
		const { family, protocol } = viewAsked(all, asked);
		expect(`${family} ${protocol}`).toBe(view);
	});

	const config = (setting: string) => `source .toolchain/env && pulumi config set ${setting} && npm start`;

	it.each<[object, string]>([
		[{ protocol: "sctp" }, '--protocol "sctp": must be tcp or udp'],
		[{ family: "ipv5" }, '--family "ipv5": must be ipv4 or ipv6'],
		[{ to: "[fd00::9]:8080", family: "ipv4" }, "--family ipv4: [fd00::9]:8080 is an IPv6 address; leave --family out"],
	])("is refused if the Service doesn't have it: %j", (asked, message) => {
		expect(() => viewAsked(all, { to: "nodeport-worker", ...asked })).toThrow(new Error(message));
	});

	it.each<[object, string]>([
		[
			{ protocol: "udp" },
			`--protocol "udp": must be tcp, the Service's only one; to have both: ${config("protocols both")}`,
		],
		[
			{ family: "ipv6" },
			`--family "ipv6": must be ipv4, the Service's only one; to have both: ${config("ipFamily dual")}`,
		],
		[{ to: "[fd00::9]:80" }, '--to "[fd00::9]:80": must be an IPv4 address: the Service has no IPv6 address'],
	])("is refused if the Service has only TCP over IPv4: %j", (asked, message) => {
		expect(() => viewAsked(single, { to: "nodeport-worker", ...asked })).toThrow(new Error(message));
	});
});

describe("the client", () => {
	it("is found in the view", () => expect(clientNamed(all, all, "dnsutils", "")).toBe(client));

	it("is refused if it can't send the view's packets", () => {
		const view = viewAsked(all, { to: "nodeport-worker", family: "ipv6", protocol: "udp" });
		expect(() => clientNamed(all, view, "dnsutils", "")).toThrow(
			new Error('--from "dnsutils": can\'t send UDP over IPv6; clients that can: none'),
		);
	});

	it("is refused if no client has that name", () => {
		expect(() => clientNamed(single, single, "dnsutil", "; more")).toThrow(
			new Error('--from "dnsutil": must be a client of the last verification: dnsutils; more'),
		);
	});
});
