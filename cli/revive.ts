/** Brings back what neither the cluster's controllers nor an update would, as the objects are there. */
import { kubeconfigPath } from "../cluster/access.ts";
import { run } from "../cluster/programs.ts";
import type { Request } from "../verification/request.ts";

/** As many as kubeadm makes. */
const resolvers = 2;

/** @param request of the last verification, where there was one */
export async function revive(cluster: string, request: Request | undefined): Promise<void> {
	const kubectl = (namespace: string, ...args: string[]) =>
		run("kubectl", ["--kubeconfig", kubeconfigPath(cluster), "--namespace", namespace, ...args]);
	const read = (namespace: string, what: string, path: string) =>
		kubectl(namespace, "get", what, "--ignore-not-found", `--output=jsonpath={${path}}`);

	if ((await read("kube-system", "deployment/coredns", ".spec.replicas")) === "0") {
		console.error(`CoreDNS is scaled to 0: scaling it to ${resolvers}`);
		await kubectl("kube-system", "scale", "deployment/coredns", `--replicas=${resolvers}`);
		await kubectl("kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s");
	}
	for (const client of request?.clients ?? []) {
		if (!("run" in client && "exec" in client.run)) continue;
		const { namespace, pod } = client.run.exec;
		const phase = await read(namespace, `pod/${pod}`, ".status.phase");
		if (!["Failed", "Succeeded"].includes(phase)) continue;
		console.error(
			`Pod ${namespace}/${pod} has ended (${phase}), as after an eviction: removing it, the update makes another`,
		);
		await kubectl(namespace, "delete", `pod/${pod}`, "--ignore-not-found", "--timeout=60s");
	}
}
