import { withPort } from "../../netfilter/address.ts";
import type { Finding } from "../report.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { same } from "./support/findings.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { extraService } from "./support/services.ts";
import { until } from "./support/until.ts";

export const whatNext: Experiment = {
	name: "what-next",
	title: "What NodePort is the building block of",
	question: "What do a headless Service and one of type LoadBalancer add to it?",
	workers: 1,
	changes: () => [{ externalTrafficPolicy: "Cluster" }],
	measure: async (lab, snapshot) => [...(await headless(lab, snapshot)), ...(await loadBalancer(lab, snapshot))],
};

/** DNS of a headless Service names the pods themselves: no virtual address, no rules, no NAT. */
async function headless(lab: Lab, snapshot: LabSnapshot): Promise<Finding[]> {
	const { cluster, objects, inside } = snapshot;
	const { metadata } = await extraService(lab, snapshot, "headless", { type: "ClusterIP", clusterIP: "None" });
	const name = `${metadata?.name}.${metadata?.namespace}.svc.cluster.local`;
	const wanted = objects.endpoints.map(({ ip }) => ip).sort();
	const found = await until(lab, wanted.join(", "), 15, async () => {
		const { stdout } = await cluster.run(inside.run, ["dig", "+short", name], 10);
		return stdout.split("\n").filter(Boolean).sort().join(", ");
	});
	return [same(`DNS for a headless Service of the same pods`, wanted.join(", "), found)];
}

/** Nobody on kind gives out addresses of load balancers; the nodePort beneath it works all the same. */
async function loadBalancer(lab: Lab, snapshot: LabSnapshot): Promise<Finding[]> {
	const { cluster, objects, outside } = snapshot;
	const created = await extraService(lab, snapshot, "balanced", { type: "LoadBalancer" });
	const port = created.spec?.ports?.[0]?.nodePort ?? 0;
	const [node] = objects.nodes;
	const answered = await until(lab, "ok", 15, async () => {
		const { outcome } = await snapshot.ask(outside, withPort(node?.internalIp ?? "", port));
		return outcome;
	});
	const { namespace = "", name = "" } = created.metadata ?? {};
	const { status } = await cluster.core.readNamespacedService({ namespace, name });
	const given = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname).join(", ");
	return [
		same("the external address of a Service of type LoadBalancer", "pending", given || "pending"),
		same(`its nodePort, asked at ${node?.name}`, "ok", answered),
	];
}
