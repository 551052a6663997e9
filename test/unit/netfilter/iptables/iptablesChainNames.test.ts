import { describe, expect, it } from "vitest";
import { endpointChain, serviceChains } from "../../../../netfilter/iptables/iptablesChainNames.ts";
import { fixture } from "../fixtures.ts";

const echo = { namespace: "default", name: "nodeport-service", portName: "echo", protocol: "tcp" } as const;

describe("kube-proxy's names in iptables mode", () => {
	it("of the walkthrough's own Service and endpoint are those that the walkthrough shows", () => {
		expect(serviceChains(echo).service).toBe("KUBE-SVC-SR75RJIBNEHN2H65");
		expect(endpointChain(echo, "10.244.1.9:8080")).toBe("KUBE-SEP-ZGBSGCBJNGMY3BBA");
	});

	it.each([
		["of a port with a name", { ...echo, name: "local-here", portName: "web" }],
		["over UDP", { ...echo, name: "protocols", portName: "dns", protocol: "udp" as const }],
		["over SCTP", { ...echo, name: "protocols", portName: "dns-sctp", protocol: "sctp" as const }],
		["of a port without a name", { ...echo, namespace: "kube-public", name: "unnamed-port", portName: "" }],
	])("%s are those that kube-proxy writes", (_, port) => {
		const rules = fixture("captured/1.36.3.iptables-nft.ipv4.txt");
		expect(rules).toContain(`:${serviceChains(port).service} `);
	});

	it("of a Service's other chains share its hash", () => {
		const rules = fixture("captured/1.36.3.iptables-nft.ipv4.txt");
		expect(rules).toContain(`:${serviceChains({ ...echo, name: "local-here", portName: "web" }).local} `);
		expect(rules).toContain(`:${serviceChains({ ...echo, name: "local-here", portName: "web" }).external} `);
		expect(rules).toContain(`:${serviceChains({ ...echo, name: "firewalled", portName: "web" }).firewall} `);
	});

	it("of an endpoint with an IPv6 address have it in brackets", () => {
		const name = endpointChain({ ...echo, name: "dual", portName: "web" }, "[fd00:10:244:3::10]:8080");
		expect(fixture("captured/1.36.3.iptables-nft.ipv6.txt")).toContain(`:${name} `);
	});
});
