import { describe, expect, it } from "vitest";
import { judgeSubnets } from "../../../../../cli/doctor/network/subnets.ts";

const kind = { name: "Docker network kind", subnet: "172.19.0.0/16", device: "br-9556eca585dc" };
const bridge = { name: "Docker network bridge", subnet: "172.17.0.0/16", device: "docker0" };
const route = (subnet: string) => ({ name: "route through tun0", subnet, device: "tun0" });

describe("networks", () => {
	const clean = [kind, bridge, route("10.8.0.0/24")];

	it.each([
		["apart", clean, "ok", "172.19.0.0/16"],
		["without kind's", [bridge], "ok", "Docker chooses a free network"],
		[
			"with a more specific route to the first nodes",
			[...clean, route("172.19.0.0/24")],
			"stop",
			"the nodes can't be reached",
		],
		[
			"with a more specific route to other addresses of it",
			[...clean, route("172.19.200.0/24")],
			"warning",
			"an address in both networks reaches only one of them",
		],
		[
			"with a route to the same network",
			[...clean, route("172.19.0.0/16")],
			"warning",
			"an address in both networks reaches only one of them",
		],
		["with a wider route", [...clean, route("172.16.0.0/12")], "warning", "172.16.0.0/12 (route through tun0)"],
		[
			"with another Docker network",
			[...clean, { name: "Docker network lan", subnet: "172.19.0.0/20" }],
			"stop",
			"Docker network lan",
		],
		[
			"with a route to the pods' addresses",
			[...clean, route("10.244.3.0/24")],
			"warning",
			"pods (10.244.0.0/16): pods can't reach it",
		],
		[
			"with one to all of 10.0.0.0/8",
			[...clean, route("10.0.0.0/8")],
			"warning",
			"pods (10.244.0.0/16) and Services (10.96.0.0/16)",
		],
		["with nodes among the pods", [{ ...kind, subnet: "10.244.0.0/16" }], "stop", "pods (10.244.0.0/16)"],
		["with nodes among the Services", [{ ...kind, subnet: "10.96.128.0/20" }], "stop", "Services (10.96.0.0/16)"],
	] as const)("%s", (_, networks, level, found) => {
		const findings = judgeSubnets([...networks], "ipv4");
		expect(findings).toHaveLength(1);
		expect(findings[0]).toMatchObject({ level, found: expect.stringContaining(found) });
		if (level === "stop") expect(findings[0]?.fix).toContain("docker network rm kind");
	});
});

describe("the IPv6 networks of a lab", () => {
	const kind6 = { ...kind, subnet: "fc00:f853:ccd:e793::/64" };
	const lan = (subnet: string) => ({ name: "Docker network lan", subnet });

	it.each([
		["don't concern an IPv4 lab", "ipv4", lan("fd00:10:244::/64"), "ok", "pods: 10.244.0.0/16;"],
		[
			"apart",
			"dual",
			lan("fd00:1::/64"),
			"ok",
			"nodes: 172.19.0.0/16, fc00:f853:ccd:e793::/64; pods: 10.244.0.0/16,fd00:",
		],
		["with another among the pods", "dual", lan("fd00:10:244:1::/64"), "warning", "pods (fd00:10:244::/56)"],
		["with one at the first nodes", "ipv6", lan("fc00:f853:ccd:e793::/120"), "stop", "the nodes can't be reached"],
		["IPv4 doesn't concern an IPv6 lab", "ipv6", lan("10.244.0.0/24"), "ok", "pods: fd00:10:244::/56;"],
	] as const)("%s", (_, ipFamily, other, level, found) => {
		const findings = judgeSubnets([kind, kind6, other], ipFamily);
		expect(findings).toMatchObject([{ level, found: expect.stringContaining(found) }]);
	});
});
