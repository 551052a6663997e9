import { describe, expect, it } from "vitest";
import { ipsOf, toNode, toPlace, toService } from "../../../kubernetes/objects.ts";

describe("a node of two address families", () => {
	const spec = { podCIDR: "10.244.1.0/24", podCIDRs: ["10.244.1.0/24", "fd00:10:244:1::/64"] };
	const address = (type: string, address: string) => ({ type, address });
	const addresses = [
		address("Hostname", "nodeport-worker"),
		address("InternalIP", "172.18.0.3"),
		address("InternalIP", "fc00:f853:ccd:e793::3"),
	];

	it("has the InternalIPs and pod CIDRs of both, and the first family's in the singular fields", () => {
		expect(toNode({ spec, status: { addresses } })).toMatchObject({
			internalIp: "172.18.0.3",
			internalIps: ["172.18.0.3", "fc00:f853:ccd:e793::3"],
			podCidr: "10.244.1.0/24",
			podCidrs: ["10.244.1.0/24", "fd00:10:244:1::/64"],
		});
	});

	it.each([
		["only the singular field", { podCIDR: "10.244.1.0/24" }, ["10.244.1.0/24"]],
		["no pod CIDR", {}, []],
	])("has the pod CIDRs of an API with %s", (_, spec, podCidrs) => {
		expect(toNode({ spec })).toMatchObject({ podCidrs, internalIps: [], internalIp: "" });
	});
});

describe("the addresses of a pod", () => {
	const status = { podIP: "fd00:10:244:1::9", podIPs: [{ ip: "fd00:10:244:1::9" }, { ip: "10.244.1.9" }] };

	it("are those of all families, the first one first", () => {
		expect(ipsOf({ status })).toEqual(["fd00:10:244:1::9", "10.244.1.9"]);
		expect(ipsOf({ status: { podIP: "10.244.1.9" } })).toEqual(["10.244.1.9"]);
		expect(ipsOf({ status: { podIPs: [] } })).toEqual([]);
	});

	it.each([
		[undefined, "fd00:10:244:1::9"],
		["ipv4", "10.244.1.9"],
	] as const)("has one of the family %s as the address of its place", (family, ip) => {
		expect(toPlace({ status }, family)).toEqual({ network: "pod", ip, ips: ["fd00:10:244:1::9", "10.244.1.9"] });
	});
});

describe("a Service", () => {
	const tcp = { name: "echo", protocol: "TCP", port: 8080, nodePort: 30040 };
	const udp = { ...tcp, name: "echo-udp", protocol: "UDP" };

	it.each([
		["TCP", [tcp], ["tcp"]],
		["TCP, which the API leaves out", [{ port: 8080 }], ["tcp"]],
		["UDP", [udp], ["udp"]],
		["both on one number", [udp, tcp], ["tcp", "udp"]],
		["another protocol on another nodePort", [tcp, { ...udp, nodePort: 30041 }], ["tcp"]],
		["another protocol on another port", [tcp, { ...udp, port: 53 }], ["tcp"]],
	])("has the protocols of its first port: %s", (_, ports, protocols) => {
		expect(toService({ spec: { ports } }).protocols).toEqual(protocols);
	});

	it("has no protocols of the lab with SCTP only, or without ports", () => {
		expect(toService({ spec: { ports: [{ ...tcp, protocol: "SCTP" }] } })).not.toHaveProperty("protocols");
		expect(toService({ spec: {} })).not.toHaveProperty("protocols");
	});

	it("has the ClusterIPs of both families and the policy", () => {
		const spec = {
			clusterIP: "10.96.0.10",
			clusterIPs: ["10.96.0.10", "fd00:10:96::a"],
			ipFamilyPolicy: "RequireDualStack",
		};
		expect(toService({ spec })).toMatchObject({
			clusterIp: "10.96.0.10",
			clusterIps: ["10.96.0.10", "fd00:10:96::a"],
			ipFamilyPolicy: "RequireDualStack",
		});
	});
});
