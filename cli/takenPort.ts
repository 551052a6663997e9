import { type Access, kubectlText } from "../verification/access.ts";
import { told } from "../verification/apiErrors.ts";
import { Cluster } from "../verification/cluster.ts";
import { nodePorts } from "../verification/nodePorts.ts";

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
	const { items } = await told("Services", new Cluster(access).core.listServiceForAllNamespaces());
	const holder = items.find(
		({ metadata, spec }) =>
			!(metadata?.name === own && [undefined, metadata.namespace].includes(home)) &&
			spec?.ports?.some((port) => String(port.nodePort) === nodePort && (port.protocol ?? "TCP") === "TCP"),
	);
	if (!holder) return;
	const { name = "", namespace = "" } = holder.metadata ?? {};
	throw new Error(
		`nodePort: got ${nodePort}, which Service ${namespace}/${name} has; allowed: one that is free, from ${nodePorts.first} to ${nodePorts.last}; ` +
			`fix: pulumi config set nodePort <value>, or ${kubectlText(access, "-n", namespace, "delete", "service", name)}`,
	);
}
