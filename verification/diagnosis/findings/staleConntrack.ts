/** UDP connections that conntrack still translates to pods that are gone, or doesn't translate at all. */
import { withPort } from "../../../netfilter/address.ts";
import type { WeighedFinding } from "../diagnosisFinding.ts";
import type { ServiceView } from "../serviceViews.ts";

/** A connection: what the client sent, and from where answers come. */
export interface UdpConnection {
	client: string;
	destination: string;
	destinationPort: number;
	/** "address:port" of who answers, after NAT. */
	to: string;
}

/** Parses `conntrack -L -p udp`: both directions of a connection have src, dst, sport and dport, in this order. */
export function parseConntrack(text: string): UdpConnection[] {
	return text.split("\n").flatMap((line) => {
		const all = (name: string) =>
			[...line.matchAll(new RegExp(`\\b${name}=(\\S+)`, "g"))].map(([, value = ""]) => value);
		const [client, answers] = all("src");
		const [destination] = all("dst");
		const [, answerPort] = all("sport");
		const [port] = all("dport");
		if (!line.startsWith("udp") || [client, answers, destination, answerPort, port].includes(undefined)) return [];
		return [
			{
				client: client ?? "",
				destination: destination ?? "",
				destinationPort: Number(port),
				to: withPort(answers ?? "", Number(answerPort)),
			},
		];
	});
}

/** A client that keeps its source port keeps its entry, so its packets go to the old address until it expires. */
export function staleConntrackFindings(
	views: readonly ServiceView[],
	connections: ReadonlyMap<string, readonly UdpConnection[]>,
): WeighedFinding[] {
	return [...connections].flatMap(([node, all]): WeighedFinding[] => {
		const entries = all.filter((one) => isStale(views, one)).map(({ client, to }) => ({ client, to }));
		return entries.length === 0 ? [] : [{ weight: "cause", finding: { kind: "staleConntrack", node, entries } }];
	});
}

function isStale(views: readonly ServiceView[], { destination, destinationPort, to }: UdpConnection): boolean {
	const view = views.find(({ protocol, port, snapshot }) => {
		if (protocol !== "udp") return false;
		const isNode = snapshot.nodes.some(({ internalIp }) => internalIp === destination);
		return isNode
			? destinationPort === port.nodePort
			: destination === snapshot.service.clusterIp && destinationPort === port.port;
	});
	return view !== undefined && !view.snapshot.endpoints.some(({ ip, port }) => withPort(ip, port) === to);
}
