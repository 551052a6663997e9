/** A packet's paths through one node's rules in words, without knowledge of the cluster. */
import { withPort } from "../../netfilter/address.ts";
import type { Packet, Path } from "../../netfilter/model.ts";
import { consequence } from "../../netfilter/words.ts";
import { percent } from "../journeyText.ts";
import { type StepsOptions, stepLines } from "../path/stepsText.ts";

/** @param node its name or address */
export function pathsText(
	paths: readonly Path[],
	{ packet, node }: { packet: Packet; node: string },
	options: Required<StepsOptions>,
): string {
	const sorted = paths.toSorted((a, b) => b.probability - a.probability);
	const destination = withPort(packet.destination, packet.destinationPort);
	return sorted
		.map((path, i) => {
			const title = `Branch ${i + 1} of ${sorted.length}, probability ${percent(path.probability)}`;
			const leg = { node, source: packet.source, destination, hops: path.hops.map((_, index) => index) };
			return [...(sorted.length > 1 ? [title] : []), ...stepLines([leg], path.hops, endText(path), options)].join("\n");
		})
		.join("\n\n");
}

function endText({ outcome, endpoint, clientIp, rejectedWith = "" }: Path): string {
	const source =
		clientIp === undefined ? "a source address that the rules don't show" : `the source address ${clientIp}`;
	switch (outcome) {
		case "endpoint":
			return `It leaves for ${endpoint ? withPort(endpoint.address, endpoint.port) : "its endpoint"}, with ${source}.`;
		case "untouched":
			return `No rule translates its destination; it goes on with ${source}.`;
		case "drop":
			return "No answer: the node drops it, and the client's request times out.";
		case "reject":
			return `No answer: the node rejects it with ${rejectedWith}, and ${consequence(rejectedWith, "client")}.`;
		case "unknown":
			return "What happens to it from here on is unknown.";
	}
}
