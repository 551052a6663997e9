import { describe, expect, it } from "vitest";
import { contains, parseAddress, parseRange } from "../../../netfilter/address.ts";

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

	it.each(["10.0.0.0/255.0.255.0", "10.0.0.0/33", "eth0", "", "10"])("%j isn't a range", (text) => {
		expect(parseRange(text)).toBeUndefined();
	});

	it("between two others are found", () => {
		const between = { first: address("10.96.0.40"), last: address("10.96.0.41") };
		expect(
			["10.96.0.39", "10.96.0.40", "10.96.0.41", "10.96.0.42"].map((text) => contains(between, address(text))),
		).toEqual([false, true, true, false]);
	});
});
