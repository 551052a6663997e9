import { describe, expect, it } from "vitest";
import { parseNetworks, parseRoutes, readNetworks } from "../../../../../cli/doctor/network/networks.ts";
import { program, scratchFolder } from "../../../fakePrograms.ts";

// From Linux 6.18 with Docker and a VPN, which divides the default route in two and has one other route.
const routes = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
tun0	00000000	0100080A	0003	0	0	0	00000080	0	0	0
tun0	00000080	0100080A	0003	0	0	0	00000080	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
br-9556eca585dc	000013AC	00000000	0001	0	0	0	0000FFFF	0	0	0
tun0	0000080A	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	00001EAC	0100080A	0003	0	0	0	0000FFFF	0	0	0
`;

// From Docker 20.10, shortened.
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
const kind6 = { ...kind, subnet: "fc00:f853:ccd:e793::/64" };
const bridge = { name: "Docker network bridge", subnet: "172.17.0.0/16", device: "docker0" };

describe("the networks of a machine", () => {
	it("are Docker's networks, one for each address family", () => {
		expect(parseNetworks(inspected)).toEqual([kind, kind6, bridge]);
	});

	it("are those behind its routes except the default routes", () => {
		expect(
			parseRoutes(routes).map(({ name, subnet, routed }) => `${name}: ${subnet}${routed ? " routed" : ""}`),
		).toEqual([
			"route through docker0: 172.17.0.0/16",
			"route through br-9556eca585dc: 172.19.0.0/16",
			"route through tun0: 10.8.0.0/24",
			"route through tun0: 172.30.0.0/16 routed",
		]);
	});
});

describe("reading the networks", () => {
	scratchFolder();
	it("gets all of them from the engine", async () => {
		await program(
			"docker",
			`if [ "$2" = ls ]; then printf 'a\\nb\\n'; else [ "$*" = "network inspect a b" ] && echo '${inspected}'; fi`,
		);
		expect(await readNetworks(false)).toEqual([kind, kind6, bridge]);
	});
});
