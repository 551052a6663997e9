import { describe, expect, it } from "vitest";
import { judgeSubnets, lookAtNetworks, readNetworks, readRoutes } from "../../../../cli/doctor/subnets.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";

// Of Linux 6.18 with Docker, a VPN that takes the default route in two halves, and one route by it.
const routes = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
tun0	00000000	0100080A	0003	0	0	0	00000080	0	0	0
tun0	00000080	0100080A	0003	0	0	0	00000080	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
br-9556eca585dc	000013AC	00000000	0001	0	0	0	0000FFFF	0	0	0
tun0	0000080A	00000000	0001	0	0	0	00FFFFFF	0	0	0
`;

// Of Docker 20.10, shortened.
const inspected = JSON.stringify([
	{
		Name: "kind",
		Id: "9556eca585dc4e4661d457856bc22cbb9df24e05de032de8a67d0e142d2e36c3",
		IPAM: {
			Driver: "default",
			Config: [{ Subnet: "172.19.0.0/16", Gateway: "172.19.0.1" }, { Subnet: "fc00:f853:ccd:e793::/64" }],
		},
		Options: { "com.docker.network.driver.mtu": "1500" },
	},
	{
		Name: "bridge",
		Id: "1ed0e963e3dc",
		IPAM: { Config: [{ Subnet: "172.17.0.0/16" }] },
		Options: { "com.docker.network.bridge.name": "docker0" },
	},
	{ Name: "host", Id: "8ef0a512aadb", IPAM: { Config: null }, Options: null },
]);

const kind = { name: "Docker network kind", subnet: "172.19.0.0/16", device: "br-9556eca585dc" };
const bridge = { name: "Docker network bridge", subnet: "172.17.0.0/16", device: "docker0" };
const route = (subnet: string) => ({ name: "route by tun0", subnet, device: "tun0" });

describe("the networks of a machine", () => {
	it("are Docker's, by IPv4", () => {
		expect(readNetworks(inspected)).toEqual([kind, bridge]);
	});

	it("are those that routes lead to, the default routes excepted", () => {
		expect(readRoutes(routes).map(({ name, subnet }) => `${name}: ${subnet}`)).toEqual([
			"route by docker0: 172.17.0.0/16",
			"route by br-9556eca585dc: 172.19.0.0/16",
			"route by tun0: 10.8.0.0/24",
		]);
	});
});

describe("a look at the networks", () => {
	scratchFolder();
	it("asks the engine for them all", async () => {
		await program(
			"docker",
			`if [ "$2" = ls ]; then printf 'a\\nb\\n'; else [ "$*" = "network inspect a b" ] && echo '${inspected}'; fi`,
		);
		expect(await lookAtNetworks(false)).toEqual([kind, bridge]);
	});
});

describe("networks", () => {
	const clean = [kind, bridge, route("10.8.0.0/24")];

	it.each([
		["apart", clean, "ok", "172.19.0.0/16"],
		["of which none is kind's yet", [bridge], "ok", "kind chooses a free one"],
		[
			"with a more exact route to the first nodes",
			[...clean, route("172.19.0.0/24")],
			"stop",
			"the nodes are out of reach",
		],
		[
			"with a more exact route beside the first nodes",
			[...clean, route("172.19.200.0/24")],
			"warning",
			"only one of them",
		],
		["with a route to the same network", [...clean, route("172.19.0.0/16")], "warning", "only one of them"],
		["with a wider route", [...clean, route("172.16.0.0/12")], "warning", "172.16.0.0/12 (route by tun0)"],
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
			"pods (10.244.0.0/16): from",
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
		const findings = judgeSubnets([...networks]);
		expect(findings).toHaveLength(1);
		expect(findings[0]).toMatchObject({ level, found: expect.stringContaining(found) });
		if (level === "stop") expect(findings[0]?.fix).toContain("docker network rm kind");
	});
});
