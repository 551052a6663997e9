import { describe, expect, it } from "vitest";
import { familiesOf, familyViews, nodePortsOf, outdatedEndpoints } from "../../../kubernetes/familyViews.ts";
import { toNode, toService } from "../../../kubernetes/objects.ts";
import type { PlacedClient } from "../../../kubernetes/snapshot.ts";

const both = { IPv4: ["10.96.0.50", "10.244.1.2"], IPv6: ["fd00:10:96::50", "fd00:10:244:1::2"] } as const;

const tcp = { name: "echo", protocol: "TCP", port: 8080, nodePort: 30_040 };
const udp = { ...tcp, name: "echo-udp", protocol: "UDP" };

const serviceWith = (families: (keyof typeof both)[], ports: object[]) => ({
	metadata: { name: "nodeport-service", namespace: "default" },
	spec: {
		ipFamilies: families,
		clusterIP: families[0] && both[families[0]][0],
		clusterIPs: families.map((family) => both[family][0]),
		ports: ports as (typeof tcp)[],
	},
});

const endpoint = { conditions: { ready: true }, nodeName: "worker", targetRef: { name: "app1-x" } };
const slices = (["IPv6", "IPv4"] as const).map((addressType) => ({
	addressType,
	endpoints: [{ ...endpoint, addresses: [both[addressType][1]] }],
	// The pod may listen on another port for each of them.
	ports: [
		{ name: "echo-udp", protocol: "UDP", port: 8081 },
		{ name: "echo", protocol: "TCP", port: 8080 },
	],
}));

const node = toNode({
	metadata: { name: "worker" },
	spec: { podCIDR: "10.244.1.0/24", podCIDRs: ["10.244.1.0/24", "fd00:10:244:1::/64"] },
	status: {
		addresses: [
			{ type: "InternalIP", address: "172.18.0.3" },
			{ type: "InternalIP", address: "fc00::3" },
		],
	},
});

const client: PlacedClient = {
	name: "dnsutils",
	run: { spawn: ["true"] },
	get: ["curl"],
	getByUdp: ["echo-get"],
	place: { network: "pod", node: "worker", ip: "10.244.1.9", ips: ["10.244.1.9", "fd00:10:244:1::9"] },
};

function viewsWith(service: ReturnType<typeof serviceWith>, changes: Partial<Parameters<typeof familyViews>[0]> = {}) {
	return familyViews({
		clients: [client],
		nodes: [node],
		service: toService(service),
		families: familiesOf(service),
		ports: nodePortsOf(service),
		slices,
		kubeProxies: new Map(),
		...changes,
	});
}

const all = () => viewsWith(serviceWith(["IPv4", "IPv6"], [udp, tcp]));

describe("the views of a Service", () => {
	it("are one for each family and protocol, the first family and TCP first", () => {
		expect(all().map(({ family, protocol }) => `${family} ${protocol}`)).toEqual([
			"ipv4 tcp",
			"ipv4 udp",
			"ipv6 tcp",
			"ipv6 udp",
		]);
	});

	it("are in the order of the Service's families", () => {
		const [first] = viewsWith(serviceWith(["IPv6", "IPv4"], [tcp]));
		expect(first).toMatchObject({ family: "ipv6", service: { clusterIp: "fd00:10:96::50" } });
	});

	it("have only addresses of their family, and the port of their protocol", () => {
		expect(all().at(-1)).toMatchObject({
			nodes: [{ internalIp: "fc00::3", podCidr: "fd00:10:244:1::/64", internalIps: ["172.18.0.3", "fc00::3"] }],
			service: { clusterIp: "fd00:10:96::50", portName: "echo-udp", protocols: ["tcp", "udp"] },
			endpoints: [{ ip: "fd00:10:244:1::2", port: 8081, node: "worker", pod: "app1-x" }],
			clients: [{ place: { ip: "fd00:10:244:1::9", ips: ["10.244.1.9", "fd00:10:244:1::9"] } }],
		});
		expect(all()[0]).toMatchObject({
			nodes: [{ internalIp: "172.18.0.3", podCidr: "10.244.1.0/24" }],
			service: { clusterIp: "10.96.0.50", portName: "echo" },
			endpoints: [{ ip: "10.244.1.2", port: 8080 }],
		});
	});

	it("don't include another nodePort of the Service, or SCTP", () => {
		const other = { ...tcp, name: "metrics", port: 9090, nodePort: 30_041 };
		const sctp = { ...tcp, name: "sctp", protocol: "SCTP" };
		const views = viewsWith(serviceWith(["IPv4"], [tcp, other, sctp]));
		expect(views.map(({ service }) => service.portName)).toEqual(["echo"]);
	});

	it.each([
		["has no UDP program", { getByUdp: undefined }, ["ipv4 tcp", "ipv6 tcp"]],
		["has only an IPv4 address", { place: { network: "pod", ip: "10.244.1.9" } }, ["ipv4 tcp", "ipv4 udp"]],
		["has no address yet", { place: { network: "pod" } }, ["ipv4 tcp", "ipv4 udp", "ipv6 tcp", "ipv6 udp"]],
	] as const)("don't include a client that can't send such packets: it %s", (_, changes, expected) => {
		const changed = { ...client, ...changes } as PlacedClient;
		const views = viewsWith(serviceWith(["IPv4", "IPv6"], [tcp, udp]), { clients: [changed] });
		const sending = views.filter(({ clients }) => clients.length > 0);
		expect(sending.map(({ family, protocol }) => `${family} ${protocol}`)).toEqual(expected);
	});

	it("don't include a node without an address of the family", () => {
		const single = { ...node, internalIps: ["172.18.0.3"] };
		const views = viewsWith(serviceWith(["IPv4", "IPv6"], [tcp]), { nodes: [single] });
		expect(views.map(({ nodes }) => nodes.length)).toEqual([1, 0]);
	});

	it("have the DNS Service in the family that its address has", () => {
		const dns = { clusterIps: ["10.96.0.10"], ports: [{ name: "echo", protocol: "TCP", port: 53 }], slices };
		const views = viewsWith(serviceWith(["IPv4", "IPv6"], [tcp]), { dns });
		expect(views.map((view) => view.dns)).toEqual([
			{ clusterIp: "10.96.0.10", endpoints: [{ ip: "10.244.1.2", port: 8080, node: "worker", pod: "app1-x" }] },
			undefined,
		]);
	});
});

it.each([
	[["10.244.1.2", "fd00:10:244:1::2"], []],
	[["10.244.1.2"], ["endpoint fd00:10:244:1::2 isn't the address of a ready pod app1-x"]],
])("an endpoint is outdated if its pod has only the addresses %j", (ips, expected) => {
	const pod = {
		metadata: { name: "app1-x" },
		status: { podIP: ips[0] ?? "", podIPs: ips.map((ip) => ({ ip })), conditions: [{ type: "Ready", status: "True" }] },
	};
	const endpoints = all().flatMap(({ endpoints }) => endpoints);
	expect([...new Set(outdatedEndpoints(endpoints, [pod]))]).toEqual(expected);
});
