import type { V1Service } from "@kubernetes/client-node";
import { nodePorts } from "../../config/nodePorts.ts";
import { withApiError } from "../../kubernetes/apiErrors.ts";
import { type Access, kubectlText } from "../../kubernetes/kubeAccess.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";

/** What the lab's own Service is called. */
const own = "nodeport-service";

/**
 * Asks the cluster for what no configuration shows: whether the nodePort is free, which the API server would say only
 * in the middle of an update, and not whose it is.
 * @param home the namespace of the lab, where others may have a Service of the same name elsewhere; else it is the lab's anywhere
 * @param nodePort as configured; whether it is a port at all is for the program to say
 * @throws where another Service has it: whose it is, what is allowed, what mends it
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
		`nodePort: got ${nodePort}, which Service ${namespace}/${name} has; allowed: one that is free, from ${first} to ${last}; ` +
			`fix: pulumi config set nodePort ${free}, or ${kubectlText(access, "-n", namespace, "delete", "service", name)}`,
	);
}
