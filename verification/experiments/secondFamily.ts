import { withApiError } from "../../kubernetes/apiErrors.ts";
import { apiFamilies, isOf } from "../../kubernetes/familyViews.ts";
import type { Service } from "../../kubernetes/model.ts";
import { poll } from "../../lib/poll.ts";
import { withPort } from "../../netfilter/address.ts";
import { Family } from "../../netfilter/model.ts";
import type { Measurement } from "./model.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { extraService } from "./support/extraService.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { measureRequest, pollFor, same } from "./support/measurements.ts";

const families = Family.options;
const records = { ipv4: "A", ipv6: "AAAA" } as const;

/** How long every node's rules may take, in seconds. */
const rulesSeconds = 60;

export const secondFamily: Experiment = {
	name: "second-family",
	title: "A Service has one address family unless it asks for two",
	question: "What does a client of the other address family get, and what changes it?",
	workers: 1,
	// A cluster with other families is a new cluster.
	changes: () => [{ ipFamily: "dual" }],
	async measure(lab, snapshot) {
		const measured: Measurement[] = [];
		for (const family of families) {
			const service = await SingleStackService.create(lab, snapshot, family);
			measured.push(...(await service.measure([family])));
			if (family === "ipv6") continue;
			await service.preferDualStack();
			measured.push(...(await service.measure(families)));
		}
		return measured;
	},
};

/** Another Service of the lab's pods, at first of one address family. */
class SingleStackService {
	private readonly lab: Lab;
	private readonly snapshot: LabSnapshot;
	private readonly service: { namespace: string; name: string };
	private ipFamilyPolicy: NonNullable<Service["ipFamilyPolicy"]> = "SingleStack";

	private constructor(lab: Lab, snapshot: LabSnapshot, service: { namespace: string; name: string }) {
		this.lab = lab;
		this.snapshot = snapshot;
		this.service = service;
	}

	static async create(lab: Lab, snapshot: LabSnapshot, family: Family): Promise<SingleStackService> {
		const { metadata } = await extraService(lab, snapshot, `only-${family}`, {
			ipFamilyPolicy: "SingleStack",
			ipFamilies: [apiFamilies[family]],
		});
		const { namespace = "", name = "" } = metadata ?? {};
		return new SingleStackService(lab, snapshot, { namespace, name });
	}

	async preferDualStack(): Promise<void> {
		const { core } = this.snapshot.cluster;
		const what = `Service ${this.service.namespace}/${this.service.name}`;
		const { spec, ...service } = await this.read();
		this.ipFamilyPolicy = "PreferDualStack";
		const body = { ...service, spec: { ...spec, ipFamilyPolicy: this.ipFamilyPolicy } };
		await withApiError(what, core.replaceNamespacedService({ ...this.service, body }));
	}

	/** Calls one node's nodePort in each family, and asks for the name's addresses, once the rules have these families. */
	async measure(served: readonly Family[]): Promise<Measurement[]> {
		const { spec } = await this.read();
		const nodePort = spec?.ports?.[0]?.nodePort ?? 0;
		const about = { ipFamilyPolicy: this.ipFamilyPolicy, families: [...served] };
		const snapshot = await this.servedIn(served, nodePort);
		const requests = families.map((family) => {
			const view = snapshot.inView({ family });
			const address = withPort(view.host.internalIp, nodePort);
			return measureRequest(view, view.outside, view.host, { address, ...about });
		});
		const lookups = families.map((family) => this.lookUp(family, spec?.clusterIPs ?? [], served));
		return Promise.all([...requests, ...lookups]);
	}

	private read() {
		const what = `Service ${this.service.namespace}/${this.service.name}`;
		return withApiError(what, this.snapshot.cluster.core.readNamespacedService(this.service));
	}

	private servedIn(served: readonly Family[], nodePort: number): Promise<LabSnapshot> {
		const isServed = (snapshot: LabSnapshot) =>
			served.every((family) => {
				const view = snapshot.inView({ family });
				const predicted = view.predict(view.outside, withPort(view.host.internalIp, nodePort));
				return predicted.every(({ outcome }) => outcome === "ok");
			});
		const limit = { interval: 1000, seconds: rulesSeconds, signal: this.lab.signal };
		return poll(() => this.lab.snapshot(), { ...limit, until: isServed });
	}

	/** DNS has an address for each of the Service's families. */
	private async lookUp(family: Family, clusterIps: string[], served: readonly Family[]): Promise<Measurement> {
		const { cluster, inside } = this.snapshot;
		const name = `${this.service.name}.${this.service.namespace}.svc.cluster.local`;
		const wanted = clusterIps.filter((ip) => isOf(family, ip));
		const found = await pollFor(this.lab, wanted, 30, async () => {
			const { stdout } = await cluster.run(inside.run, ["dig", "+short", name, records[family]], 10);
			return stdout.split("\n").filter(Boolean);
		});
		const addresses = (addresses: string[]) => ({ kind: "addresses" as const, addresses });
		const about = { ipFamilyPolicy: this.ipFamilyPolicy, families: [...served] };
		return same({ kind: "familyDns", record: records[family], ...about }, addresses(wanted), addresses(found));
	}
}
