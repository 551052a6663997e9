/** Brings back what neither the cluster's controllers nor an update would, as the objects are there. */
import { kubeconfigPath } from "../cluster/access.ts";
import { run } from "../cluster/programs.ts";

/** As many as kubeadm makes. */
const resolvers = 2;

/** The lab's one Pod that no controller makes again. */
const client = "pod/dnsutils";

/** @param namespace the lab's */
export async function revive(cluster: string, namespace: string): Promise<void> {
	const kubectl = (namespace: string, ...args: string[]) =>
		run("kubectl", ["--kubeconfig", kubeconfigPath(cluster), "--namespace", namespace, ...args]);
	const read = (namespace: string, what: string, path: string) =>
		kubectl(namespace, "get", what, "--ignore-not-found", `--output=jsonpath={${path}}`);

	if ((await read("kube-system", "deployment/coredns", ".spec.replicas")) === "0") {
		console.error(`CoreDNS is scaled to 0: scaling it to ${resolvers}`);
		await kubectl("kube-system", "scale", "deployment/coredns", `--replicas=${resolvers}`);
		await kubectl("kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s");
	}
	const phase = await read(namespace, client, ".status.phase");
	if (!["Failed", "Succeeded"].includes(phase)) return;
	console.error(
		`${client} in ${namespace} has ended (${phase}), as after an eviction: removing it, the update makes another`,
	);
	await kubectl(namespace, "delete", client, "--ignore-not-found", "--timeout=60s");
}
