import type { NodeContainer } from "../../kind/docker.ts";
import { refuseForeign } from "../../kind/owner.ts";
import type { Finding } from "./finding.ts";

/** @param nodes of the kind cluster with that name, whoever created it */
export function judgeCluster(name: string, nodes: NodeContainer[], owner: string): Finding {
	const subject = "cluster";
	try {
		refuseForeign("cluster", name, nodes, owner);
	} catch (error) {
		return { subject, level: "stop", found: (error as Error).message };
	}
	const found =
		nodes.length === 0 ? `no kind cluster is named "${name}" yet` : `this stack owns "${name}" (${nodes.length} nodes)`;
	return { subject, level: "ok", found };
}
