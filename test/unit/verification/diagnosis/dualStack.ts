/** The sample cluster with two address families: its IPv6 rules are the captured ones with IPv6 addresses in place of IPv4. */
import type { Ran } from "../../../../kubernetes/exec.ts";
import { fixture } from "../trace/traceLab.ts";
import { labObjects, MemorySource, type Objects, objectNamed, type podObject, type sliceObject } from "./labObjects.ts";

const blocks: [pattern: RegExp, prefix: string][] = [
	[/\b172\.18\.(\d+)\.(\d+)\b/g, "fd00:18"],
	[/\b10\.244\.(\d+)\.(\d+)\b/g, "fd00:10:244"],
	[/\b10\.96\.(\d+)\.(\d+)\b/g, "fd00:10:96"],
];

/** "10.244.3.2" is fd00:10:244:3::2. */
export const asIpv6 = (text: string): string =>
	blocks.reduce(
		(text, [pattern, prefix]) =>
			text.replace(pattern, (_, third: string, fourth: string) => {
				const group = third === "0" ? "" : `:${Number(third).toString(16)}`;
				return `${prefix}${group}::${fourth === "0" ? "" : Number(fourth).toString(16)}`;
			}),
		text,
	);

/** iptables-save of a node as ip6tables-save. */
export function rulesAsIpv6(saved: string): string {
	const lines = saved.split("\n").filter((line) => !line.includes("127.0.0.11"));
	return asIpv6(
		lines
			.join("\n")
			.replaceAll("iptables-save", "ip6tables-save")
			.replaceAll("10.244.0.0/16", "fd00:10:244::/56")
			.replaceAll("icmp-port-unreachable", "icmp6-port-unreachable")
			.replaceAll("127.0.0.0/8", "::1/128")
			.replaceAll("127.0.0.1/32", "::1/128")
			.replaceAll("/32", "/128")
			.replace(/--to-destination (\S+):(\d+)/g, "--to-destination [$1]:$2")
			// IPv6 has no route_localnet (pkg/proxy/iptables/proxier.go).
			.replace(/(-A KUBE-SERVICES) (.* --dst-type LOCAL -j KUBE-NODEPORTS)$/gm, "$1 ! -d ::1/128 $2"),
	);
}

/** @param families of the Service, its primary one first */
export function dualStackObjects(name: string, families = ["IPv4", "IPv6"]): Objects {
	const objects = labObjects();
	for (const node of objects.nodes as DualNode[]) {
		const [{ address }] = node.status.addresses;
		node.status.addresses.push({ type: "InternalIP", address: asIpv6(address) });
		node.spec.podCIDRs.push(asIpv6(node.spec.podCIDR).replace("/24", "/64"));
	}
	for (const pod of objects.pods as ReturnType<typeof podObject>[]) {
		const { podIP } = pod.status;
		if (podIP !== "") Object.assign(pod.status, { podIPs: [{ ip: podIP }, { ip: asIpv6(podIP) }] });
	}
	const { spec } = objectNamed(objects, "services", name);
	const clusterIp = String(spec.clusterIP);
	const ips: Record<string, string> = { IPv4: clusterIp, IPv6: asIpv6(clusterIp) };
	const clusterIPs = families.map((family) => ips[family]);
	Object.assign(spec, { ipFamilies: families, clusterIPs, clusterIP: clusterIPs[0] });
	const slice = objectNamed<ReturnType<typeof sliceObject>>(objects, "endpointSlices", `${name}-abcde`);
	objects.endpointSlices.push({
		...slice,
		metadata: { ...slice.metadata, name: `${name}-fghij` },
		addressType: "IPv6",
		endpoints: slice.endpoints.map((one) => ({ ...one, addresses: one.addresses.map(asIpv6) })),
	});
	if (!families.includes("IPv4")) objects.endpointSlices = objects.endpointSlices.filter((one) => one !== slice);
	return objects;
}

interface DualNode {
	spec: { podCIDR: string; podCIDRs: string[] };
	status: { addresses: [{ type: string; address: string }, ...{ type: string; address: string }[]] };
}

/** @param change of what a node's ip6tables-save prints */
export function dualStackSource(
	objects: Objects,
	change: (node: string, saved: string) => string = (_, saved) => saved,
) {
	const run = (node: string, program: string[]): Ran | undefined => {
		if (program.join(" ") === "ip6tables-save -c") {
			return { code: 0, stdout: change(node, rulesAsIpv6(fixture(`${node}.iptables.txt`))), stderr: "" };
		}
		const isOther = /^ip6tables-(nft|legacy)-save/.test(program[0] ?? "");
		return isOther ? { code: 0, stdout: "", stderr: "" } : undefined;
	};
	return new MemorySource(objects, { run });
}
