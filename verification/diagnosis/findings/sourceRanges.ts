/** loadBalancerSourceRanges: whom they exclude. */
import type { ServiceReading } from "../../../kubernetes/source/serviceReading.ts";
import { contains, parseAddress, parseRange } from "../../../netfilter/address.ts";
import type { WeighedFinding } from "../diagnosisFinding.ts";

/** A restriction on purpose, unless it excludes the client that somebody asks about. */
export function sourceRangeFindings({ service }: ServiceReading, client: string | undefined): WeighedFinding[] {
	const ranges = service.spec.loadBalancerSourceRanges ?? [];
	if (service.spec.type !== "LoadBalancer" || ranges.length === 0) return [];
	const address = client === undefined ? undefined : parseAddress(client);
	const parsed = ranges.flatMap((text) => parseRange(text.trim()) ?? []);
	// Ranges restrict only the addresses of their own family.
	const ofFamily = parsed.filter((range) => "network" in range && range.network.kind() === address?.kind());
	const isAllowed =
		address === undefined || ofFamily.length === 0 || ofFamily.some((range) => contains(range, address));
	const excluded = isAllowed || client === undefined ? [] : [client];
	return [{ weight: isAllowed ? "note" : "cause", finding: { kind: "sourceRanges", ranges, excluded } }];
}
