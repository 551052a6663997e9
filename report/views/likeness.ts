/** Whether requests end alike in all views of the Service. */
import type { Cell } from "../../verification/model.ts";
import { headOf, keepsAddress } from "../matrixText.ts";
import type { ReportView } from "./reportViews.ts";
import { familyName, protocolName } from "./viewText.ts";

interface Pair {
	/** In the first view. */
	usual: Cell;
	other: Cell;
	/** Whether the pod sees the client's own address. */
	isKept: { usual: boolean; other: boolean };
}

interface Difference {
	name: string;
	/** How many requests the view has in common with the first one. */
	compared: number;
	differing: Pair[];
}

/** "TCP and UDP over IPv4 and IPv6 behave alike in all 53 requests", or which views differ. @param isShort only how often */
export function likenessText(views: readonly ReportView[], { isShort = false } = {}): string {
	const all = views.slice(1).map((view) => differenceOf(views[0] ?? view, view));
	const differing = all.filter(({ differing }) => differing.length > 0);
	const count = Math.max(...all.map(({ compared }) => compared));
	if (differing.length === 0) return `${everyName(views)} behave alike in all ${count} requests`;
	const parts = differing.map(
		({ name, compared, differing: { length } }, i) =>
			`${name} ${i === 0 ? "differs " : ""}in ${length}${i === 0 ? ` of ${compared} requests` : ""}`,
	);
	const [example] = differing.flatMap(({ differing }) => differing);
	if (isShort || !example) return parts.join(", ");
	return `compared with ${views[0]?.name}, ${parts.join(", ")}, such as ${exampleText(example)}`;
}

function differenceOf(first: ReportView, view: ReportView): Difference {
	const usual = new Map(keyed(first.report.connectivity));
	const pairs = keyed(view.report.connectivity).flatMap(([key, other]): Pair[] => {
		const own = usual.get(key);
		if (!own) return [];
		const isKept = { usual: keepsAddress(first.report, own), other: keepsAddress(view.report, other) };
		return [{ usual: own, other, isKept }];
	});
	return { name: view.name, compared: pairs.length, differing: pairs.filter(isDifferent) };
}

/** Each client's request to each node, pod, ... has the same key in all views. */
function keyed(cells: readonly Cell[]): [string, Cell][] {
	const counts = new Map<string, number>();
	return cells.map((cell) => {
		const { client, target } = cell;
		const place = JSON.stringify([client, target.kind, target.node]);
		const count = (counts.get(place) ?? 0) + 1;
		counts.set(place, count);
		return [`${place} ${count}`, cell];
	});
}

function isDifferent({ usual, other, isKept }: Pair): boolean {
	if (usual.ok !== other.ok || usual.observed.outcome !== other.observed.outcome) return true;
	// Which of several pods answers may decide what it sees.
	const isCertain = [usual, other].every(({ expected }) => expected.clientIp !== undefined);
	return isCertain && isKept.usual !== isKept.other;
}

function exampleText({ usual, other, isKept }: Pair): string {
	const request = `${other.client} to ${headOf(other)}`;
	if (usual.observed.outcome !== other.observed.outcome)
		return `${request}: ${other.observed.outcome}, not ${usual.observed.outcome}`;
	if (usual.ok !== other.ok) return `${request}: ${other.ok ? "as predicted" : "not as predicted"}`;
	return `${request}: the pod ${isKept.other ? "sees" : "doesn't see"} the client's own address`;
}

/** "TCP and UDP over IPv4 and IPv6"; "IPv4 and IPv6" if all have the same protocol */
function everyName(views: readonly ReportView[]): string {
	const protocols = [...new Set(views.map(({ view }) => protocolName(view.protocol)))];
	const families = [...new Set(views.map(({ view }) => familyName(view.family)))];
	return [protocols, families]
		.filter(({ length }) => length > 1)
		.map((names) => names.join(" and "))
		.join(" over ");
}
