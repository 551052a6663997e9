import type { V1Service } from "@kubernetes/client-node";
import { nodePorts } from "../../config/nodePorts.ts";
import { withApiError } from "../../kubernetes/apiErrors.ts";
import { type Access, kubectlText } from "../../kubernetes/kubeAccess.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";

/** The name of the lab's own Service. */
const own = "nodeport-service";

/**
 * Checks that the nodePort is free: the API server reports it only in the middle of an update, and not which Service has it.
 * @param home the lab's namespace, if Services of the same name elsewhere may be foreign
 * @param nodePort as configured; the program checks whether it is a port at all
 * @throws if another Service has it
 */
export async function refuseTakenPort(access: Access, nodePort: string, home?: string): Promise<void> {
	const { items } = await withApiError("Services", new Cluster(access).core.listServiceForAllNamespaces());
	const portsOf = ({ spec }: V1Service) =>
		(spec?.ports ?? []).filter(({ protocol = "TCP" }) => protocol === "TCP").map((port) => String(port.nodePort));
	const holder = items.find(
		(service) =>
			!(service.metadata?.name === own && [undefined, service.metadata.namespace].includes(home)) &&
			portsOf(service).includes(nodePort),
	);
	if (!holder) return;
	const { name = "", namespace = "" } = holder.metadata ?? {};
	const { first, last } = nodePorts;
	const taken = new Set(items.flatMap(portsOf));
	const free = Array.from({ length: last - first + 1 }, (_, i) => first + i).find((port) => !taken.has(String(port)));
	throw new Error(
		`nodePort: got ${nodePort}, which Service ${namespace}/${name} uses; allowed: a free port from ${first} to ${last}; ` +
			`fix: pulumi config set nodePort ${free}, or ${kubectlText(access, "-n", namespace, "delete", "service", name)}`,
	);
}
