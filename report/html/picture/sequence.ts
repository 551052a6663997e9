/** A picture as HTML: the style sheet places the lanes side by side, and in narrow windows the rows below each other. */
import { glossaryLink } from "../glossary.ts";
import { type Markup, markup } from "../markup.ts";
import type { Band, Change, Lane, Picture, Row } from "./model.ts";

/** @param label the text alternative of the picture */
export function sequence({ bands, rows, note }: Picture, label: string): Markup {
	const lanes = bands.flatMap((band) => band.lanes);
	const place = (id: string) => lanes.findIndex((lane) => lane.id === id) + 1;
	const nameOf = (id: string) => nameIn(bands, id);
	return markup`<div class="sequence lanes-${lanes.length}">
<div class="bands" aria-hidden="true">${bands.map((band) => markup`<div class="band ${band.kind} ${spanOf(band, place)}"></div>`)}</div>
<div class="heads" aria-hidden="true">${bands.map((band) => titleOf(band, place))}${lanes.map((lane) => headOf(lane, place(lane.id)))}</div>
<div class="rows"><div class="lines" aria-hidden="true">${lanes.map((_, i) => markup`<i class="line at-${i + 1}"></i>`)}</div>
<ol aria-label="${label}">${rows.map((row, i) => rowOf(row, place, nameOf, addressesOf(rows[i - 1])))}</ol></div></div>
${note !== undefined && markup`<p class="note">${note}</p>`}`;
}

function spanOf({ lanes }: Band, place: (id: string) => number): string {
	const first = place(lanes[0]?.id ?? "");
	return `from-${first} to-${first + lanes.length}`;
}

const titleOf = (band: Band, place: (id: string) => number): Markup =>
	markup`<div class="place ${spanOf(band, place)}">${nameAndAddress(band)}</div>`;

const headOf = (lane: Lane, place: number): Markup =>
	markup`<div class="head ${lane.kind} at-${place}">${nameAndAddress(lane)}</div>`;

const nameAndAddress = ({ title, address }: Pick<Lane, "title" | "address">): Markup =>
	markup`<b>${title}</b>${address !== undefined && markup` <span>${address}</span>`}`;

/** "dnsutils"; "nodeport-worker" for its kernel */
function nameIn(bands: readonly Band[], id: string): string {
	const band = bands.find(({ lanes }) => lanes.some((lane) => lane.id === id));
	const lane = band?.lanes.find((lane) => lane.id === id);
	return (lane?.kind === "rules" ? band?.title : lane?.title) ?? id;
}

const addressesOf = (row: Row | undefined): string[] =>
	row?.kind === "change" ? row.changes.flatMap(({ after }) => after ?? []) : [];

type Place = (id: string) => number;

/** @param changed the addresses that the row before has changed */
function rowOf(row: Row, place: Place, nameOf: (id: string) => string, changed: readonly string[]): Markup {
	const direction = row.isReply ? "reply" : "request";
	switch (row.kind) {
		case "arrow": {
			const [from, to] = [place(row.from), place(row.to)];
			const [left, right, points] = from <= to ? [from, to, "right"] : [to, from, "left"];
			return markup`<li class="${direction} ${points} from-${left} to-${right}">${whereOf(`${nameOf(row.from)} → ${nameOf(row.to)}`)}
<div class="what flight"><span class="number"></span><div>${address("from", row.source, changed)} ${address("to", row.destination, changed)}</div></div>${said(row)}</li>
`;
		}
		case "change":
			return markup`<li class="${direction} at-${place(row.lane)}">${whereOf(nameOf(row.lane))}
<div class="what station"><b class="number">${glossaryLink(row.by)}</b>${row.changes.map(changeOf)}${row.chain !== undefined && markup`<small>${row.chain}</small>`}</div>${said(row)}</li>
`;
		case "end":
			return markup`<li class="${direction} at-${place(row.lane)}">${whereOf(nameOf(row.lane))}
<div class="what station ${row.isAnswered ? "answered" : "unanswered"}"><b class="number">${row.title}</b></div>${said(row)}</li>
`;
	}
}

/** Shown in narrow windows, where there are no lanes. */
const whereOf = (where: string): Markup => markup`<div class="where">${where}</div>`;

const address = (name: string, text: string, changed: readonly string[]): Markup =>
	markup`<span class="address"><i>${name}</i> ${changed.includes(text) ? markup`<b>${text}</b>` : text}</span>`;

const changeOf = ({ field, before = "unknown", after = "unknown" }: Change): Markup =>
	markup`<span class="field">${field}<span class="unseen"> was </span> <del>${before}</del></span><span class="unseen">, is now </span><ins>${after}</ins>`;

/** The step's sentence and rule: the page's script shows them below the picture. */
const said = (row: Row): Markup =>
	markup`<span class="text unseen">${row.text}</span>${row.kind === "change" && row.rule !== undefined && markup`<code hidden>${row.rule}</code>`}`;
