/** The README's example packet: a sentence, and a table with a row for each rewrite. */
import { pictureOf } from "../../../report/html/picture/picture.ts";
import type { RecordedRun } from "./recordedRun.ts";

const numbers = ["no", "one", "two", "three", "four", "five"];
const inWords = (count: number): string => numbers[count] ?? String(count);

/** Markdown */
export function pathTable({ report }: RecordedRun): string {
	const { explained, clients, nodes, pods } = report;
	const [branch] = explained?.branches ?? [];
	const client = clients.find(({ name }) => name === explained?.client);
	if (!explained || !branch || !client || branch.end.kind !== "pod") {
		throw new Error("the recorded run explains no packet that a pod answers");
	}
	const { rows } = pictureOf(report, branch, explained.hops, client);
	const addresses = { source: "", destination: "" };
	const table: string[] = [];
	let rewrites = 0;
	for (const row of rows.filter(({ isReply }) => !isReply)) {
		if (row.kind === "arrow") Object.assign(addresses, { source: row.source, destination: row.destination });
		if (row.kind === "end") table.push(line(branch.end.node, row.text, addresses));
		if (row.kind !== "change") continue;
		const [change] = row.changes;
		if (!change) continue;
		rewrites++;
		const node = row.lane.replace(/^rules /, "");
		table.push(
			line(node, withoutThen(row.text), { ...addresses, [change.field]: `~~${change.before}~~ **${change.after}**` }),
		);
		addresses[change.field] = change.after ?? "unknown";
	}
	const passed = new Set(branch.legs.map(({ node }) => node)).size;
	return [
		`${client.name} on ${client.place.node} requests \`http://${explained.address}/host\`, the address of ${explained.node}. The`,
		`echo runs on ${pods.map(({ node }) => node).join(", ")}. ${capitalized(inWords(passed))} of ${inWords(nodes.length)} nodes handle the packet, and its addresses change ${inWords(rewrites)} times:`,
		"",
		"| node | what happens | source | destination |",
		"|---|---|---|---|",
		...table,
	].join("\n");
}

const line = (node: string, text: string, { source, destination }: { source: string; destination: string }): string =>
	`| ${node} | ${text.replaceAll("|", "\\|")} | ${source} | ${destination} |`;

/** The step before isn't in the table. */
const withoutThen = (text: string): string => text.replace(/^Then /, "");

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
