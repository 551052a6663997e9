import { expect, it } from "vitest";
import { parseAddress } from "../../../../../netfilter/address.ts";
import {
	generatedService,
	generatedSlice,
	mostServices,
} from "../../../../../verification/experiments/manyServices/generatedServices.ts";

it("no controller changes the EndpointSlice: the Service has no selector", () => {
	expect(generatedService(3).spec).toEqual({ ports: [{ port: 80 }] });
	expect(generatedSlice(3, "10.96.0.3").metadata).toEqual({
		name: generatedService(3).metadata?.name,
		labels: { "kubernetes.io/service-name": generatedService(3).metadata?.name },
	});
});

it.each([
	["IPv4", "10.96.0.3", /^198\.1[89]\./],
	["IPv6", "fd00:10:96::3", /^2001:2::/],
])("each Service has its own %s endpoint, in a network where nothing answers", (addressType, clusterIp, network) => {
	const numbers = [0, 255, 256, mostServices, mostServices + 100];
	const addresses = numbers.map((endpoint) => {
		const slice = generatedSlice(0, clusterIp, { endpoint });
		expect(slice.addressType).toBe(addressType);
		return slice.endpoints[0]?.addresses[0] ?? "";
	});
	expect(new Set(addresses).size).toBe(numbers.length);
	for (const address of addresses) {
		expect(address).toMatch(network);
		expect(parseAddress(address)).toBeDefined();
	}
});
