/** On which nodes of an existing cluster the lab runs. Pure. */
import { IpFamily, serviceFamilies } from "../../config/clusterShape.ts";
import { configErrorMessage, type ExistingConfig } from "../../config/labConfig.ts";
import { nodeNameErrors } from "../../config/nodeNames.ts";
import type { FieldError } from "../../lib/fieldErrors.ts";
import { UserError } from "../../lib/userError.ts";
import { parseAddress } from "../../netfilter/address.ts";
import type { ClusterInfo, FoundNode } from "./inspect.ts";
import { type Sample, sampleNodes } from "./nodeSample.ts";

export interface Placement {
	/** Nodes that the echo may run on; empty: any. */
	echoNodes: string[];
	/** The node that dnsutils runs on. */
	clientNode: string;
	/** Names of the nodes that are checked, control plane first. */
	nodes: string[];
	/** Present if not all nodes are checked. */
	sample?: Sample;
	/** Whether a checked node runs no kube-proxy pod: rules are then read through NodeProbe. */
	lacksProxy: boolean;
}

/** How many of the allowed nodes an error names. */
const mostNames = 10;

/**
 * @throws UserError with all errors at once: nodes that don't exist or can't run ordinary pods, or no usable node at all, or
 * nodes without an address of the Service's families
 */
export function placeOn(config: ExistingConfig, { nodes, proxied }: ClusterInfo): Placement {
	const ordinary = nodes.filter((node) => node.ordinary).map(({ name }) => name);
	const errors = [...nodeErrors(config, ordinary, nodes), ...familyErrors(config, nodes)];
	if (errors.length > 0) throw new UserError(configErrorMessage(errors));
	const { echoNodes = ordinary.slice(0, 1), clientNode = ordinary.at(-1) ?? "" } = config;
	const sample = sampleNodes(nodes, [...echoNodes, clientNode], config.sampleSeed);
	const checked = sample?.nodes ?? nodes.map(({ name }) => name);
	// "Any node" would include unchecked ones. Nodes that aren't Ready don't count: nothing runs there, and the echo would have
	// to move once they are back.
	const isChecked = ({ name, ready }: FoundNode) => !ready || checked.includes(name);
	const sampled =
		echoNodes.length === 0 && !nodes.every(isChecked) ? ordinary.filter((name) => checked.includes(name)) : echoNodes;
	return {
		echoNodes: sampled,
		clientNode,
		nodes: checked,
		...(sample && { sample }),
		lacksProxy: checked.some((name) => !proxied.includes(name)),
	};
}

/** A Service gets a NodePort only on a node's addresses of its own families. */
function familyErrors({ ipFamily }: ExistingConfig, nodes: FoundNode[]): FieldError[] {
	// A node without any InternalIP yet shows nothing about its families.
	const ready = nodes.filter((node) => node.ready && addressesOf(node).length > 0);
	const lacking = (name: IpFamily) =>
		ready.filter((node) => !serviceFamilies(name).every((one) => hasFamily(node, one)));
	const without = lacking(ipFamily);
	if (without.length === 0) return [];
	const possible = IpFamily.options.filter((name) => lacking(name).length === 0);
	const names = without.slice(0, mostNames).map((node) => `${node.name} has ${addressesOf(node).join(", ")}`);
	const more = without.length > mostNames ? ` and ${without.length - mostNames} others` : "";
	const allowed = `${possible.join(" or ") || "none"}: the families of all nodes' InternalIPs (${names.join("; ")}${more})`;
	return [
		{
			field: "ipFamily",
			got: ipFamily,
			allowed,
			...(possible[0] && { fix: `pulumi config set ipFamily ${possible[0]}` }),
		},
	];
}

const addressesOf = ({ internalIp, internalIps = [internalIp] }: FoundNode): string[] =>
	internalIps.filter((ip) => ip !== "");

const hasFamily = (node: FoundNode, family: "IPv4" | "IPv6"): boolean =>
	addressesOf(node).some((ip) => parseAddress(ip)?.kind() === family.toLowerCase());

function nodeErrors({ echoNodes, clientNode }: ExistingConfig, ordinary: string[], nodes: FoundNode[]): FieldError[] {
	if (ordinary.length === 0) {
		const allowed =
			"a cluster with a node that is Ready, has no taint, and whose label kubernetes.io/hostname is its name";
		return [{ field: "cluster", got: `${nodes.length} nodes, but none that can run ordinary pods`, allowed }];
	}
	const more = ordinary.length > mostNames ? ` and ${ordinary.length - mostNames} others` : "";
	const unusable = nodes.filter(
		({ name, hindrance }) => hindrance && (name === clientNode || echoNodes?.includes(name)),
	);
	const why =
		unusable.length > 0 ? ` (${unusable.map(({ name, hindrance }) => `${name} ${hindrance}`).join(", ")})` : "";
	const allowed = `a node of this cluster that can run ordinary pods${why}: ${ordinary.slice(0, mostNames).join(", ")}${more}`;
	// A node that isn't Ready for a while may stay in a list of several: the scheduler skips it, and the echo needn't move.
	const notReady = unusable.filter(({ ready }) => !ready).map(({ name }) => name);
	const spare = echoNodes?.some((name) => ordinary.includes(name)) ? notReady : [];
	return nodeNameErrors({ echoNodes, clientNode }, ordinary, allowed, spare);
}
