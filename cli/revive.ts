/** Brings back what neither the cluster's controllers nor an update would, as the objects are there. */
import type { Access } from "../verification/access.ts";
import { kubectl } from "./kubectl.ts";

/** As many as kubeadm makes. */
const resolvers = 2;

/** The lab's one Pod that no controller makes again. */
const client = "pod/dnsutils";

const read = (access: Access, namespace: string, what: string, path: string) =>
	kubectl(access, namespace, "get", what, "--ignore-not-found", `--output=jsonpath={${path}}`);

/** Only where the cluster is the lab's own. */
export async function reviveDns(access: Access): Promise<void> {
	const system = "kube-system";
	if ((await read(access, system, "deployment/coredns", ".spec.replicas")) !== "0") return;
	console.error(`CoreDNS is scaled to 0: scaling it to ${resolvers}`);
	await kubectl(access, system, "scale", "deployment/coredns", `--replicas=${resolvers}`);
	await kubectl(access, system, "rollout", "status", "deployment/coredns", "--timeout=120s");
}

/** @param namespace the lab's */
export async function reviveClient(access: Access, namespace: string): Promise<void> {
	const phase = await read(access, namespace, client, ".status.phase");
	if (!["Failed", "Succeeded"].includes(phase)) return;
	console.error(
		`${client} in ${namespace} has ended (${phase}), as after an eviction: removing it, the update makes another`,
	);
	await kubectl(access, namespace, "delete", client, "--ignore-not-found", "--timeout=60s");
}
