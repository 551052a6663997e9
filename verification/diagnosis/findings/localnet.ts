/** route_localnet: without it the kernel drops what the rules translate from 127.0.0.1 to a pod. */

import type { NodeFacts } from "../diagnosedNode.ts";
import type { WeighedFinding } from "../diagnosisFinding.ts";
import type { PredictedRequest } from "../prediction.ts";

const name = "net.ipv4.conf.all.route_localnet";

/** kube-proxy sets it to 1 if its rules serve nodePorts on the loopback address. */
export function localnetFindings(
	requests: readonly PredictedRequest[],
	facts: ReadonlyMap<string, NodeFacts>,
): WeighedFinding[] {
	const served = requests.filter(
		({ prediction: { client, ends } }) => client.kind === "loopback" && ends.some(({ end }) => end.kind === "pod"),
	);
	const nodes = new Set(served.flatMap(({ prediction: { client } }) => client.node ?? []));
	const off = [...nodes].filter((node) => facts.get(node)?.sysctls?.[name] === "0");
	return off.length === 0
		? []
		: [{ weight: "cause", finding: { kind: "sysctl", nodes: off, name, value: "0", required: "1" } }];
}
