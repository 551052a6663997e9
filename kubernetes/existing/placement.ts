/** Where the lab goes in a cluster that exists. Pure. */

import { type ExistingConfig, faultMessage } from "../../config/labConfig.ts";
import { nodeNameFaults } from "../../config/nodeNames.ts";
import type { FieldError } from "../../lib/fieldErrors.ts";
import { UserError } from "../../lib/userError.ts";
import type { ClusterInfo, FoundNode } from "./inspect.ts";
import { type Sample, sampleNodes } from "./nodeSample.ts";

export interface Placement {
	/** Where the echo may run; empty: anywhere. */
	echoNodes: string[];
	/** Where dnsutils runs. */
	clientNode: string;
	/** Names of the nodes that the lab looks at, the control plane first. */
	nodes: string[];
	/** Where these are not all of them. */
	sample?: Sample;
	/** Whether one of them runs no kube-proxy pod: its rules are read through NodeProbe. */
	lacksProxy: boolean;
}

/** So many names are told of those that could have been meant. */
const mostNames = 10;

/** @throws UserError naming every fault at once: a node that is not there or takes no ordinary pods, or no such node at all */
export function placeOn(config: ExistingConfig, { nodes, proxied }: ClusterInfo): Placement {
	const ordinary = nodes.filter((node) => node.ordinary).map(({ name }) => name);
	const faults = nodeFaults(config, ordinary, nodes);
	if (faults.length > 0) throw new UserError(faultMessage(faults));
	const { echoNodes = ordinary.slice(0, 1), clientNode = ordinary.at(-1) ?? "" } = config;
	const sample = sampleNodes(nodes, [...echoNodes, clientNode], config.sampleSeed);
	const looked = sample?.nodes ?? nodes.map(({ name }) => name);
	// Anywhere would be where nobody looks. Not so where all that is left out is not Ready: nothing runs there, and when it is
	// back the echo would have to move for it.
	const isSeen = ({ name, ready }: FoundNode) => !ready || looked.includes(name);
	const sampled =
		echoNodes.length === 0 && !nodes.every(isSeen) ? ordinary.filter((name) => looked.includes(name)) : echoNodes;
	return {
		echoNodes: sampled,
		clientNode,
		nodes: looked,
		...(sample && { sample }),
		lacksProxy: looked.some((name) => !proxied.includes(name)),
	};
}

function nodeFaults({ echoNodes, clientNode }: ExistingConfig, ordinary: string[], nodes: FoundNode[]): FieldError[] {
	if (ordinary.length === 0) {
		const allowed = "a node that is Ready, has no taint, and whose label kubernetes.io/hostname is its name";
		return [{ field: "cluster", got: `${nodes.length} nodes, none of which takes ordinary pods`, allowed }];
	}
	const more = ordinary.length > mostNames ? ` and ${ordinary.length - mostNames} others` : "";
	const away = nodes.filter(({ name, hindrance }) => hindrance && (name === clientNode || echoNodes?.includes(name)));
	const why = away.length > 0 ? ` (${away.map(({ name, hindrance }) => `${name} ${hindrance}`).join(", ")})` : "";
	const allowed = `a node of this cluster that takes ordinary pods${why}: ${ordinary.slice(0, mostNames).join(", ")}${more}`;
	// One that is away for a while may stay among several: the scheduler passes over it, and the echo need not move.
	const resting = away.filter(({ ready }) => !ready).map(({ name }) => name);
	const spare = echoNodes?.some((name) => ordinary.includes(name)) ? resting : [];
	return nodeNameFaults({ echoNodes, clientNode }, ordinary, allowed, spare);
}
