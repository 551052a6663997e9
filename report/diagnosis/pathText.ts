/** A packet's paths through one node's rules in words, without knowledge of the cluster. */
import { withPort } from "../../netfilter/address.ts";
import type { Path } from "../../netfilter/model.ts";
import { consequence } from "../../netfilter/words.ts";
import { percent } from "../journeyText.ts";

export function pathsText(paths: readonly Path[]): string {
	const sorted = paths.toSorted((a, b) => b.probability - a.probability);
	return sorted
		.map((path, i) => {
			const title = `Branch ${i + 1} of ${sorted.length}, probability ${percent(path.probability)}`;
			return [...(sorted.length > 1 ? [title] : []), ...pathLines(path)].join("\n");
		})
		.join("\n\n");
}

function pathLines(path: Path): string[] {
	const hops = path.hops.flatMap(({ text, rule }, i) => [`${i + 1}. ${text}`, `     ${rule}`]);
	return [...(hops.length > 0 ? hops : ["No rule acts on the packet."]), `   ${endText(path)}`];
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
