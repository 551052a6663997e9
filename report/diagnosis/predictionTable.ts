/** Who reaches what: for each kind of client, one row for each group of targets with the same result. */
import type { Family } from "../../netfilter/model.ts";
import type { Prediction } from "../../verification/diagnosis/prediction/prediction.ts";
import { fill } from "../screen/fill.ts";
import { familyName } from "../views/viewText.ts";
import { clientName, targetName } from "./clientText.ts";
import { resultText } from "./predictionText.ts";

export interface PredictionRow {
	client: string;
	target: string;
	result: string;
	/** Whether it is answered: always, never, or sometimes or not known. */
	ends: "ok" | "failed" | "other";
}

function endsOf({ ends }: Prediction): PredictionRow["ends"] {
	if (ends.every(({ outcome }) => outcome === "ok")) return "ok";
	return ends.some(({ outcome, end }) => outcome === "ok" || end.kind === "unknown") ? "other" : "failed";
}

/** Targets of one client that differ in their node only, and have the same result, are one row. */
export function predictionRows(predictions: readonly Prediction[]): PredictionRow[] {
	const isDualStack = new Set(predictions.map(({ target }) => familyOf(target))).size > 1;
	return grouped(predictions, kindOf).flatMap((ofKind) => {
		const groups = grouped(ofKind, resultText).toSorted((a, b) => a.length - b.length);
		const several = groups.filter((group) => group.length > 1).length;
		return groups.flatMap((group) => {
			const [first] = group;
			if (!first) return [];
			const target = groupName(group, first, ofKind.length, several > 1);
			return [{ client: clientOf(first, isDualStack), target, result: resultText(first), ends: endsOf(first) }];
		});
	});
}

/** "pod on another node (worker-2)", and over which family if there are two. */
function clientOf({ client, target }: Prediction, isDualStack: boolean): string {
	return isDualStack ? `${clientName(client)} over ${familyName(familyOf(target))}` : clientName(client);
}

const familyOf = ({ address }: Prediction["target"]): Family => (address.startsWith("[") ? "ipv6" : "ipv4");

const portOf = ({ target: { address } }: Prediction): string => address.slice(address.lastIndexOf(":") + 1);

/** The targets of one client that differ in their node only. */
const kindOf = (one: Prediction): string => {
	const { target } = one;
	const host = target.kind === "nodePort" || target.kind === "healthCheck" ? "" : target.address;
	return JSON.stringify([clientOf(one, true), target.kind, target.protocol, portOf(one), host]);
};

function grouped(all: readonly Prediction[], keyOf: (one: Prediction) => string): Prediction[][] {
	const groups = new Map<string, Prediction[]>();
	for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
	return [...groups.values()];
}

/** How many nodes of a group are named. */
const mostNamed = 3;

/** @param isNamed several groups have more than one node, so "the others" would be ambiguous */
function groupName(group: readonly Prediction[], first: Prediction, all: number, isNamed: boolean): string {
	const { target } = first;
	if (group.length === 1) return targetName(target);
	const nodes = group.map(({ target }) => target.node ?? target.address);
	const listed =
		nodes.length <= mostNamed ? nodes.join(", ") : `${nodes.slice(0, 2).join(", ")} and ${nodes.length - 2} others`;
	const others = isNamed ? listed : `the other ${nodes.length} nodes`;
	const which = group.length === all ? `each of ${all} nodes` : others;
	if (target.kind === "healthCheck") return `health check of ${which}, port ${portOf(first)}`;
	if (target.kind !== "nodePort") return `${targetName({ ...target, node: undefined })} through ${which}`;
	const port = target.protocol === "tcp" ? portOf(first) : `${portOf(first)}/${target.protocol}`;
	return `${which}, port ${port}`;
}

const indent = "  ";

/** Two columns below each client, the second wrapped; on a narrow terminal the result is below the target. */
export function predictionTable(rows: readonly PredictionRow[], width: number): string {
	const target = Math.max(...rows.map((row) => row.target.length)) + indent.length;
	const left = indent.length + target;
	const isNarrow = width - left < 24;
	return rows
		.flatMap((row, i) => {
			const head = rows[i - 1]?.client === row.client ? [] : fill(row.client, width);
			const own = isNarrow
				? [...fill(row.target, width, indent), ...fill(row.result, width, indent + indent)]
				: fill(row.result, width, indent + row.target.padEnd(target));
			return [...head, ...own];
		})
		.join("\n");
}
