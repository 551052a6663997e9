import { describe, expect, it } from "vitest";
import { contains, Network, parseAddress, parseRange } from "../../../netfilter/address.ts";

const address = (text: string) => parseAddress(text) ?? expect.fail(`${text} is an address`);
const range = (text: string) => parseRange(text) ?? expect.fail(`${text} is a range`);

describe("addresses", () => {
	it.each([
		["10.244.0.0/16", "10.244.255.255", true],
		["10.244.0.0/16", "10.245.0.0", false],
		["10.96.0.1", "10.96.0.1", true],
		["10.96.0.1/32", "10.96.0.2", false],
		["10.0.0.0/255.0.0.0", "10.1.2.3", true],
		["0.0.0.0/0", "203.0.113.1", true],
		["fd00:10:244::/56", "fd00:10:244:3::1", true],
		["fd00:10:244::/56", "fd00:10:245::1", false],
		["::/0", "10.0.0.1", false],
	])("%s contains %s: %s", (cidr, text, expected) => {
		expect(contains(range(cidr), address(text))).toBe(expected);
	});

	it.each(["10.0.0.0/255.0.255.0", "10.0.0.0/33", "eth0", "", "10"])("%j is no range", (text) => {
		expect(parseRange(text)).toBeUndefined();
	});

	it("between two others are found", () => {
		const between = { first: address("10.96.0.40"), last: address("10.96.0.41") };
		expect(
			["10.96.0.39", "10.96.0.40", "10.96.0.41", "10.96.0.42"].map((text) => contains(between, address(text))),
		).toEqual([false, true, true, false]);
	});
});

describe("a node's network", () => {
	const network = new Network({
		localAddresses: ["172.18.0.4", "10.244.3.1", "fe80::1", "fd00::1"],
		routes: [
			{ destination: "0.0.0.0/0", interface: "eth0", source: "172.18.0.4" },
			{ destination: "10.244.3.0/24", interface: "veth0", source: "10.244.3.1" },
		],
	});

	it.each([
		["172.18.0.4", true],
		["127.0.0.53", true],
		["::1", true],
		["172.18.0.5", false],
	])("counts %s as its own: %s", (text, expected) => {
		expect(network.isLocal(address(text))).toBe(expected);
	});

	it("uses the most specific route", () => {
		expect(network.interfaceTowards(address("10.244.3.2"))).toBe("veth0");
		expect(network.interfaceTowards(address("10.244.1.2"))).toBe("eth0");
		expect(network.interfaceTowards(address("172.18.0.4"))).toBe("lo");
	});

	it("doesn't know the interface or the masquerading address without a route", () => {
		expect(network.interfaceTowards(address("fd00::2"))).toBeUndefined();
		expect(network.sourcesTowards(address("fd00::2")).map(String)).toEqual(["fd00::1"]);
		const plain = new Network({ localAddresses: ["127.0.0.1", "172.18.0.4", "10.244.3.1"] });
		expect(plain.sourcesTowards(address("10.244.1.2")).map(String)).toEqual(["172.18.0.4", "10.244.3.1"]);
	});

	it("fails for text that isn't an address", () => {
		expect(() => new Network({ localAddresses: ["eth0"] })).toThrow('"eth0" isn\'t an address');
	});
});
