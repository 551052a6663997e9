import { withPort } from "../../netfilter/address.ts";
import type { Outcome } from "../model.ts";
import type { Measurement } from "./model.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { extraService } from "./support/extraService.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { pollFor, same } from "./support/measurements.ts";

export const whatNext: Experiment = {
	name: "what-next",
	title: "What builds on NodePort",
	question: "What do a headless Service and a Service of type LoadBalancer change?",
	workers: 1,
	changes: () => [{ externalTrafficPolicy: "Cluster" }],
	measure: async (lab, snapshot) => [...(await headless(lab, snapshot)), ...(await loadBalancer(lab, snapshot))],
};

/** DNS resolves a headless Service to the pods themselves: no virtual address, no rules, no NAT. */
async function headless(lab: Lab, snapshot: LabSnapshot): Promise<Measurement[]> {
	const { cluster, objects, inside } = snapshot;
	const { metadata } = await extraService(lab, snapshot, "headless", { type: "ClusterIP", clusterIP: "None" });
	const name = `${metadata?.name}.${metadata?.namespace}.svc.cluster.local`;
	const wanted = objects.endpoints.map(({ ip }) => ip).sort();
	const found = await pollFor(lab, wanted, 30, async () => {
		const { stdout } = await cluster.run(inside.run, ["dig", "+short", name], 10);
		return stdout.split("\n").filter(Boolean).sort();
	});
	const value = (addresses: string[]) => ({ kind: "addresses" as const, addresses });
	return [same({ kind: "dns", name, headless: true }, value(wanted), value(found))];
}

/** kind has no load balancer that assigns addresses; the Service's nodePort works anyway. */
async function loadBalancer(lab: Lab, snapshot: LabSnapshot): Promise<Measurement[]> {
	const { cluster, objects, outside } = snapshot;
	const created = await extraService(lab, snapshot, "balanced", { type: "LoadBalancer" });
	const port = created.spec?.ports?.[0]?.nodePort ?? 0;
	const [node] = objects.nodes;
	const outcome = await pollFor<Outcome>(lab, "ok", 60, async () => {
		return (await snapshot.send(outside, withPort(node?.internalIp ?? "", port))).outcome;
	});
	const { namespace = "", name = "" } = created.metadata ?? {};
	const { status } = await cluster.core.readNamespacedService({ namespace, name });
	const assigned = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? "");
	const addresses = (addresses: string[]) => ({ kind: "addresses" as const, addresses });
	const results = (outcome: Outcome) => ({ kind: "results" as const, results: [{ outcome }] });
	return [
		same({ kind: "externalAddress" }, addresses([]), addresses(assigned)),
		same({ kind: "balancedNodePort", node: node?.name ?? "" }, results("ok"), results(outcome)),
	];
}
