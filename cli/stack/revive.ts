/** Brings back what neither the cluster's controllers nor an update would, as the objects are there. */
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { kubectl, readFields } from "./kubectl.ts";

/** As many as kubeadm makes. */
const resolvers = 2;

/** The lab's one Pod that no controller makes again. */
const client = "pod/dnsutils";

/** Only where the cluster is the lab's own. */
export async function reviveDns(access: Access): Promise<void> {
	const system = "kube-system";
	if ((await readFields(access, system, "{.spec.replicas}", "deployment/coredns")) !== "0") return;
	console.error(`CoreDNS is scaled to 0: scaling it to ${resolvers}`);
	await kubectl(access, system, "scale", "deployment/coredns", `--replicas=${resolvers}`);
	await kubectl(access, system, "rollout", "status", "deployment/coredns", "--timeout=120s");
}

/** @param namespace the lab's */
export async function reviveClient(access: Access, namespace: string): Promise<void> {
	const phase = await readFields(access, namespace, "{.status.phase}", client);
	if (!["Failed", "Succeeded"].includes(phase)) return;
	console.error(
		`${client} in ${namespace} has ended (${phase}), as after an eviction: removing it, the update makes another`,
	);
	await kubectl(access, namespace, "delete", client, "--ignore-not-found", "--timeout=60s");
}
