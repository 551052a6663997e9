/** The address of --client: a diagnosis treats it as a client outside the cluster. */
import type { ServiceReading } from "../../kubernetes/source/serviceReading.ts";
import { parseAddress } from "../../netfilter/address.ts";
import { familyName } from "../../report/views/viewText.ts";
import type { DiagnosisInput } from "../../verification/diagnosis/diagnosis.ts";

/** @throws if it isn't an IP address */
export function refuseNoAddress(client: string): void {
	if (!parseAddress(client)) throw new Error(`--client "${client}": must be an IP address, such as 203.0.113.9`);
}

/** @throws if the Service has no address of its family, or the address is inside the cluster */
export function refuseInside(client: string, { reading, views }: Pick<DiagnosisInput, "reading" | "views">): void {
	const { namespace, name } = reading.service.metadata;
	const address = parseAddress(client);
	const families = new Set(views.map(({ family }) => family));
	if (address && families.size > 0 && !families.has(address.kind())) {
		const has = [...families].map((family) => familyName(family)).join(" and ");
		throw new Error(`--client ${client}: Service ${namespace}/${name} has only ${has} addresses`);
	}
	const owner = ownerOf(reading, address?.toString() ?? client);
	if (!owner) return;
	const [kind, from] = owner;
	const explain = `nodeport-lab explain ${namespace}/${name} --from ${from} --to <node>`;
	throw new Error(
		`--client ${client}: it is the address of ${kind} ${from}, which isn't outside the cluster; fix: ${explain}`,
	);
}

function ownerOf({ nodes, pods = [] }: ServiceReading, address: string): [kind: string, name: string] | undefined {
	const isOwn = (one: string | undefined) => one !== undefined && parseAddress(one)?.toString() === address;
	const node = nodes.find(({ status }) =>
		(status?.addresses ?? []).some(({ type, address }) => type === "InternalIP" && isOwn(address)),
	);
	if (node) return ["node", node.metadata.name];
	const pod = pods.find(({ status }) => [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)].some(isOwn));
	return pod && ["pod", pod.metadata.name];
}
