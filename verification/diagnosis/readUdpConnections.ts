/** A node's connections to the UDP ports of a Service, read in its kube-proxy pod, which shares the node's network. */
import { saysForbidden } from "../../kubernetes/apiErrors.ts";
import type { ClusterSource, Container } from "../../kubernetes/source/clusterSource.ts";
import type { Gap, GapCause } from "../../kubernetes/source/gap.ts";
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
	const connections: UdpConnection[] = [];
	for (const program of new Set(udp.flatMap(programsFor))) {
		const words = program.split(" ");
		const { code, stdout, stderr } = await source.run(container, words, readSeconds);
		if (code !== 0) return { connections, gaps: [{ subject: "conntrack", node, cause: whyNot(words, code, stderr) }] };
		connections.push(...parseConntrack(stdout));
	}
	return { connections, gaps: [] };
}

/** Without -f, conntrack lists IPv4 only. */
const programsFor = ({ port: { port, nodePort = 0 }, family }: ServiceView): string[] =>
	[port, nodePort].filter((port) => port > 0).map((port) => `conntrack -L -f ${family} -p udp --orig-port-dst ${port}`);

function whyNot([program = ""]: string[], code: number, stderr: string): GapCause {
	const [message = ""] = stderr.trim().split("\n");
	if (saysForbidden(stderr)) return { kind: "forbidden", message };
	// kube-proxy's image has few programs besides those for rules.
	if (code === 127 || /not found|no such file/i.test(stderr)) return { kind: "noProgram", program };
	return message === "" ? { kind: "exitCode", program, code } : { kind: "failed", message };
}
