/** The subnets of pods and Services, by kind's rules: validateSubnets in pkg/internal/apis/config/validate.go. */
import ipaddr from "ipaddr.js";
import type { FieldError } from "../../lib/fieldErrors.ts";
import type { Networking } from "./kindApi.ts";

/** kind's defaults, as in the walkthrough: pkg/apis/config/v1alpha4/default.go. */
export const defaultSubnets = {
	podSubnet: { ipv4: "10.244.0.0/16", ipv6: "fd00:10:244::/56", dual: "10.244.0.0/16,fd00:10:244::/56" },
	serviceSubnet: { ipv4: "10.96.0.0/16", ipv6: "fd00:10:96::/112", dual: "10.96.0.0/16,fd00:10:96::/112" },
};

const rules = {
	ipv4: "one IPv4 subnet in CIDR notation",
	ipv6: "one IPv6 subnet in CIDR notation",
	dual: "one subnet, or an IPv4 and an IPv6 subnet separated by a comma, in CIDR notation",
};

type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number];

export function subnetErrors({ ipFamily = "ipv4", podSubnet, serviceSubnet }: Networking): FieldError[] {
	const given = { podSubnet, serviceSubnet };
	const errors = Object.entries(given).flatMap(([name, got]): FieldError[] => {
		if (got === undefined || isOfFamily(got, ipFamily)) return [];
		const example = defaultSubnets[name as keyof typeof defaultSubnets][ipFamily];
		const allowed = `${rules[ipFamily]}, such as ${example}, because ipFamily is ${ipFamily}`;
		return [{ field: `networking.${name}`, got, allowed, fix: `correct or remove networking.${name}` }];
	});
	if (errors.length > 0) return errors;
	const pods = podSubnet ?? defaultSubnets.podSubnet[ipFamily];
	const services = serviceSubnet ?? defaultSubnets.serviceSubnet[ipFamily];
	if (!cidrsOf(pods).some((a) => cidrsOf(services).some((b) => overlap(a, b)))) return [];
	const [name, got, other] =
		serviceSubnet === undefined ? ["podSubnet", pods, services] : ["serviceSubnet", services, pods];
	const allowed = `a subnet that doesn't overlap ${other}, the subnet of the ${name === "podSubnet" ? "Services" : "pods"}`;
	return [{ field: `networking.${name}`, got, allowed, fix: `choose another networking.${name}` }];
}

function isOfFamily(text: string, family: keyof typeof rules): boolean {
	const parts = text.split(",");
	if (!parts.every(ipaddr.isValidCIDR)) return false;
	const kinds = cidrsOf(text).map(([address]) => address.kind());
	if (family !== "dual") return kinds.length === 1 && kinds[0] === family;
	return kinds.length === 1 || (kinds.length === 2 && kinds[0] !== kinds[1]);
}

const cidrsOf = (text: string): Cidr[] => text.split(",").map((part) => ipaddr.parseCIDR(part));

function overlap([a, aLength]: Cidr, [b, bLength]: Cidr): boolean {
	return a.kind() === b.kind() && a.match(b, Math.min(aLength, bLength));
}
