/** A node's connections to the UDP ports of a Service, read in its kube-proxy pod, which shares the node's network. */
import { saysForbidden } from "../../kubernetes/apiErrors.ts";
import type { ClusterSource, Container } from "../../kubernetes/source/clusterSource.ts";
import type { Gap } from "../../kubernetes/source/serviceReading.ts";
import { parseConntrack, type UdpConnection } from "./findings/staleConntrack.ts";
import type { ServiceView } from "./serviceViews.ts";

const readSeconds = 15;

export interface NodeConnections {
	connections: UdpConnection[];
	gaps: Gap[];
}

export async function readUdpConnections(
	source: ClusterSource,
	container: Container,
	node: string,
	views: readonly ServiceView[],
): Promise<NodeConnections> {
	const udp = views.filter(({ protocol }) => protocol === "udp");
	const ports = new Set(udp.flatMap(({ port }) => [port.port, port.nodePort ?? 0]).filter((port) => port > 0));
	const connections: UdpConnection[] = [];
	for (const port of ports) {
		const program = ["conntrack", "-L", "-p", "udp", "--orig-port-dst", String(port)];
		const { code, stdout, stderr } = await source.run(container, program, readSeconds);
		if (code !== 0) return { connections, gaps: [{ subject: "conntrack", node, ...whyNot(program, code, stderr) }] };
		connections.push(...parseConntrack(stdout));
	}
	return { connections, gaps: [] };
}

function whyNot([program = ""]: string[], code: number, stderr: string): Pick<Gap, "reason" | "message"> {
	const [line = ""] = stderr.trim().split("\n");
	if (saysForbidden(stderr)) return { reason: "forbidden", message: line };
	// kube-proxy's image has few programs besides those for rules.
	const isMissing = code === 127 || /not found|no such file/i.test(stderr);
	const message = isMissing ? `its kube-proxy pod has no program ${program}` : line || `${program} ended with ${code}`;
	return { reason: isMissing ? "unsupported" : "failed", message };
}
