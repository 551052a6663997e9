/** What a report answers in a few lines: who answers, the client's address, and the address that the pod sees. */
import type { Cell, Outcome, Target } from "../../verification/model.ts";
import type { Report, ReportedClient } from "../../verification/report.ts";
import type { ReportView } from "../views/reportViews.ts";

/** Requests with the same result, and the nodes that they went through. */
export interface Group<T> {
	value: T;
	through: string[];
}

export interface Answer {
	nodePort: number;
	/** How many nodes' nodePorts were called. */
	nodes: number;
	client: ReportedClient;
	/** The pods that answered. */
	pods: Group<{ ip: string; node: string }>[];
	/** The requests that no pod answered. */
	silent: Group<{ outcome: Outcome; isExpected: boolean }>[];
	/** The client IPs that the pods saw. */
	seen: Group<string>[];
	/** The request to explain: the first one that isn't as expected, in any view, or whose pod doesn't see the client. */
	explain: Explained;
}

/** `address`: the node's name, or in another than the first view its address */
type Explained = Pick<Target, "address" | "family" | "protocol">;

/** From the first client's requests to each node's nodePort in the first view; undefined: there are none. */
export function answerOf([first, ...others]: readonly ReportView[]): Answer | undefined {
	if (!first) return undefined;
	const { clients, service } = first.report;
	const [client] = clients;
	const cells = nodePortRequests(first.report);
	if (!client || cells.length === 0) return undefined;
	const failed = cells.find(({ ok }) => !ok);
	const failedElsewhere = others.flatMap(({ report }) => nodePortRequests(report)).find(({ ok }) => !ok);
	const rewritten = cells.find(({ observed }) => observed.outcome === "ok" && observed.clientIp !== client.place.ip);
	return {
		nodePort: service.nodePort,
		nodes: cells.length,
		client,
		pods: grouped(cells, ({ observed: { podIp, node } }) => podIp && node && { ip: podIp, node }),
		silent: grouped(
			cells,
			({ observed: { podIp, outcome }, ok }) => podIp === undefined && { outcome, isExpected: ok },
		),
		seen: grouped(cells, ({ observed }) => observed.clientIp),
		explain: failed || !failedElsewhere ? { address: nodeOf(failed ?? rewritten ?? cells[0]) } : failedElsewhere.target,
	};
}

const nodePortRequests = ({ clients: [client], connectivity }: Report): Cell[] =>
	connectivity.filter(
		({ client: name, target }) => name === client?.name && target.kind === "nodePort" && target.node !== undefined,
	);

const nodeOf = (cell: Cell | undefined): string => cell?.target.node ?? "";

/** In the order of the requests, those without a value left out. */
function grouped<T extends object | string>(
	cells: readonly Cell[],
	resultOf: (cell: Cell) => T | "" | false | undefined,
): Group<T>[] {
	const groups = new Map<string, Group<T>>();
	for (const cell of cells) {
		const value = resultOf(cell);
		if (!value) continue;
		const key = JSON.stringify(value);
		const group = groups.get(key) ?? { value, through: [] };
		group.through.push(nodeOf(cell));
		groups.set(key, group);
	}
	return [...groups.values()];
}
