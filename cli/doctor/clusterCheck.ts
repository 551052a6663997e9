import type { NodeContainer } from "../../kind/docker.ts";
import { refuseStrangers } from "../../kind/owner.ts";
import type { Finding } from "./finding.ts";

/** @param nodes of the kind cluster of that name, whoever made it */
export function judgeCluster(name: string, nodes: NodeContainer[], owner: string): Finding {
	const subject = "cluster";
	try {
		refuseStrangers("cluster", name, nodes, owner);
	} catch (error) {
		return { subject, level: "stop", found: (error as Error).message };
	}
	const found =
		nodes.length === 0 ? `none named "${name}" yet` : `"${name}" is this stack's, with ${nodes.length} nodes`;
	return { subject, level: "ok", found };
}
