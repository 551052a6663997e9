/** A packet's journey in words: numbered over all nodes that it passes, each rule beside what it does. */

import type { ClusterSnapshot } from "../kubernetes/snapshot.ts";
import { withPort } from "../netfilter/address.ts";
import { consequence } from "../netfilter/words.ts";
import type { End, Journey, Leg } from "../verification/journey/journey.ts";

/** All ways of a packet, each with its probability where there are several. */
export function journeysText(ways: readonly Journey[], snapshot: ClusterSnapshot): string {
	return ways
		.map((way, i) => {
			const title = `Way ${i + 1} of ${ways.length}, probability ${(way.probability * 100).toFixed(1)} %`;
			return [...(ways.length > 1 ? [title] : []), ...journeyLines(way, snapshot)].join("\n");
		})
		.join("\n\n");
}

function journeyLines({ legs, end }: Journey, snapshot: ClusterSnapshot): string[] {
	const lines: string[] = [];
	let number = 0;
	for (const [i, leg] of legs.entries()) {
		if (i > 0) lines.push(`   It leaves for ${leg.node}, with the source address ${leg.packet.source}.`);
		for (const { text, rule } of hopsOf(leg))
			lines.push(`${++number}. ${text}`, ...(rule === undefined ? [] : [`     ${rule}`]));
	}
	return [...lines, `   ${endText(end, snapshot)}`];
}

/** The hops' sentences, of which the first says on which node it is. */
function hopsOf({ node, path: { hops } }: Leg): { text: string; rule?: string }[] {
	return hops.length > 0 ? hops : [{ text: `On ${node} no rule acts on the packet.` }];
}

/** Who answers and what client it sees, or why nobody does. */
export function endText(end: End, { endpoints }: Pick<ClusterSnapshot, "endpoints">): string {
	switch (end.kind) {
		case "pod": {
			const endpoint = endpoints.find(({ ip, port }) => ip === end.address && port === end.port);
			const at = `${withPort(end.address, end.port)} on ${end.node}`;
			if (endpoint) return `Pod ${endpoint.pod} (${at}) answers, and sees the client ${end.clientIp}.`;
			return `It reaches a pod that is no endpoint of the Service, ${at}, which sees the client ${end.clientIp}.`;
		}
		case "node":
			return `It is for ${end.node} itself, ${withPort(end.address, end.port)}: refused, unless a process listens there.`;
		case "reject":
			return `Nobody answers: ${end.node} rejects it with ${end.with}, and ${consequence(end.with, "client")}.`;
		case "drop":
			return `Nobody answers: ${end.node} drops it, and the client's request times out.`;
		case "loopback":
			return "It stays where the client is: loopback is the client's own, and no node's rules see it.";
		case "away":
			return `Nobody in the cluster answers: ${end.address} is no address that leads to a node or a pod from there.`;
		case "unknown":
			return `What becomes of it on ${end.node} cannot be told: ${end.reason}.`;
	}
}
