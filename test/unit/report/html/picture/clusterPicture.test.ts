import { describe, expect, it } from "vitest";
import { clusterDrawing } from "../../../../../report/html/picture/clusterPicture.ts";
import type { Box, Drawing } from "../../../../../report/html/picture/drawing.ts";
import { layout, type Place } from "../../../../../report/html/picture/elkLayout.ts";
import { svg } from "../../../../../report/html/picture/svg.ts";
import { recordedJourney } from "../../../../../report/journeyText.ts";
import type { JourneyWithHops } from "../../../../../verification/journey/model.ts";
import { fullReport, hostile } from "../../full.ts";

const report = fullReport();

function journeyOf(client: string, address: string): JourneyWithHops {
	const journey = recordedJourney(report, client, address);
	if (!journey) throw new Error(`the fixture has no journey from ${client} to ${address}`);
	return journey;
}

const ip = (node: string): string => report.nodes.find(({ name }) => name === node)?.internalIp ?? "";
const all = (box: Box): Box[] => [box, ...box.inside.flatMap(all)];
const boxes = (drawing: Drawing): Box[] => drawing.boxes.flatMap(all);
const named = (drawing: Drawing, id: string): string =>
	boxes(drawing).find((box) => box.id === id)?.title ?? `no ${id}`;
const steps = (drawing: Drawing): string[] =>
	drawing.arrows.map(({ from, to, lines }) => `${named(drawing, from)} > ${named(drawing, to)}: ${lines.join(" ")}`);

describe("a packet from dnsutils to the nodePort of a node that has no pod", () => {
	const drawing = clusterDrawing(report, journeyOf("dnsutils", `${ip("nodeport-worker2")}:30040`));
	const [pod] = report.pods;

	it("is drawn from its node through the entry node to the pod, with its addresses", () => {
		expect(steps(drawing)).toEqual([
			"dnsutils > iptables rules: 1",
			`iptables rules > iptables rules: 2 ${ip("nodeport-worker3")} → ${ip("nodeport-worker2")}:30040`,
			`iptables rules > iptables rules: 3 ${ip("nodeport-worker2")} → ${pod?.ip}:8080`,
			`iptables rules > ${pod?.name}: 4`,
		]);
	});

	it("shows the client address that the pod sees", () => {
		const reached = boxes(drawing).find(({ title }) => title === pod?.name);
		expect(reached?.lines).toEqual([pod?.ip, `sees ${ip("nodeport-worker2")}`]);
	});

	it("shows the whole cluster, and highlights what the packet passes", () => {
		const nodes = drawing.boxes.filter(({ kind }) => kind === "node");
		expect(nodes.map(({ title, onPath }) => [title, onPath])).toEqual([
			["nodeport-control-plane", false],
			["nodeport-worker", true],
			["nodeport-worker2", true],
			["nodeport-worker3", true],
		]);
		expect(boxes(drawing).map(({ title }) => title)).toEqual(
			expect.arrayContaining(["a client outside", "dnsutils", pod?.name]),
		);
	});

	it("shows each hop through each node's rules, with the same numbers as the text", () => {
		const lines = ["nodeport-worker3", "nodeport-worker2", "nodeport-worker"].flatMap(
			(node) => boxes(drawing).find(({ id }) => id === `rules ${node}`)?.lines ?? [],
		);
		expect(lines.map((line) => Number(line.split(".")[0]))).toEqual(lines.map((_, i) => i + 1));
		expect(lines.map((line) => line.replace(/^\d+\. /, ""))).toEqual(
			expect.arrayContaining([
				"KUBE-NODEPORTS",
				"KUBE-EXT-SR75RJIBNEHN2H65",
				"mark 0x4000",
				`DNAT to ${pod?.ip}:8080`,
				`masquerade as ${ip("nodeport-worker2")}`,
			]),
		);
	});
});

it.each([
	["dnsutils", "127.0.0.1:30040", "dnsutils > its own loopback: 1"],
	["outside", "127.0.0.1:30040", "a client outside > its own loopback: 1"],
	["nodeport-worker", "127.0.0.1:30040", "a process of the node > iptables rules: 1 127.0.0.1 → 127.0.0.1:30040"],
])("a packet from %s to %s starts at its client", (client, address, first) => {
	expect(steps(clusterDrawing(report, journeyOf(client, address)))[0]).toBe(first);
});

it("draws several branches with their probabilities, and their common part once", () => {
	const journey = structuredClone(journeyOf("outside", `${ip("nodeport-worker2")}:30040`));
	const [branch] = journey.branches;
	if (!branch) throw new Error("the fixture has no branch");
	const other = structuredClone(branch);
	other.legs.splice(1, 1);
	other.end = { kind: "drop", node: "nodeport-worker2" };
	journey.branches = [
		{ ...branch, probability: 0.75 },
		{ ...other, probability: 0.25 },
	];
	expect(clusterDrawing(report, journey).arrows.map(({ lines }) => lines[0])).toEqual([
		"1",
		"2: 75.0 %",
		"3: 75.0 %",
		"4: 25.0 %",
	]);
});

it("lists the hops of branches separately where they differ, and their common hops once", () => {
	const journey = structuredClone(journeyOf("outside", `${ip("nodeport-worker2")}:30040`));
	const [branch] = journey.branches;
	const leg = branch?.legs[0];
	const choice = leg?.hops.findIndex((place) => journey.hops[place]?.effect === "dnat") ?? -1;
	const hop = journey.hops[leg?.hops[choice] ?? -1];
	if (!branch || !leg || !hop) throw new Error("the fixture has no DNAT there");
	const place = journey.hops.push({ ...hop, to: "10.244.9.9:8080" }) - 1;
	journey.branches = [branch, { ...branch, legs: [{ ...leg, hops: leg.hops.with(choice, place) }] }];
	const lines = boxes(clusterDrawing(report, journey)).find(({ id }) => id === "rules nodeport-worker2")?.lines ?? [];
	expect(lines.filter((line) => /^(DNAT|mark 0x4000|masquerade)/.test(line))).toEqual([
		"mark 0x4000",
		expect.stringContaining("DNAT to 10.244.9.9"),
		expect.stringContaining("DNAT to 10.244."),
		expect.stringContaining("masquerade as"),
	]);
});

it("draws only some of many nodes and pods, always those on the path, and shows how many are left out", () => {
	const many = fullReport();
	const [node] = many.nodes;
	const [pod] = many.pods;
	if (!node || !pod) throw new Error("the fixture has no nodes or pods");
	many.nodes.unshift(...Array.from({ length: 50 }, (_, i) => ({ ...node, name: `other${i}` })));
	many.pods.unshift(...Array.from({ length: 50 }, (_, i) => ({ ...pod, name: `pod${i}`, ip: `10.1.0.${i}` })));
	const drawing = clusterDrawing(many, journeyOf("dnsutils", `${ip("nodeport-worker2")}:30040`));
	const titles = boxes(drawing).map(({ title }) => title);
	expect(titles).toEqual(
		expect.arrayContaining(["nodeport-worker2", pod.name, "and 45 more nodes", "and 44 more pods"]),
	);
	expect(titles.length).toBeLessThan(40);
});

const overlaps = (one: Place, other: Place): boolean =>
	one.x < other.x + other.width &&
	other.x < one.x + one.width &&
	one.y < other.y + other.height &&
	other.y < one.y + one.height;
const contains = (outer: Place, { x, y, width, height }: Place): boolean =>
	outer.x <= x && outer.y <= y && x + width <= outer.x + outer.width && y + height <= outer.y + outer.height;

const everyClient = [...new Set(report.journeys.requests.map(({ client }) => client))];

it.each(everyClient.flatMap((client) => [[client, "RIGHT"] as const, [client, "DOWN"] as const]))(
	"of what %s sends, no box or label lies on another, and arrows begin and end at boxes (%s)",
	async (client, direction) => {
		for (const { address } of report.journeys.requests.filter((request) => request.client === client)) {
			const placed = await layout(clusterDrawing(report, journeyOf(client, address)), direction);
			const picture = { x: 0, y: 0, width: placed.width, height: placed.height };
			for (const [i, { box, place }] of placed.boxes.entries()) {
				expect(contains(picture, place), box.id).toBe(true);
				for (const other of placed.boxes.slice(i + 1)) {
					const isInside = all(box).includes(other.box);
					expect([overlaps(place, other.place), contains(place, other.place)], `${box.id}, ${other.box.id}`).toEqual([
						isInside,
						isInside,
					]);
				}
			}
			const at = ({ x, y }: { x: number; y: number }) => ({ x: x - 1, y: y - 1, width: 2, height: 2 });
			for (const { arrow, points, label } of placed.arrows) {
				const [from, to] = [arrow.from, arrow.to].map((id) => placed.boxes.find(({ box }) => box.id === id)?.place);
				const [first, last] = [points[0], points.at(-1)];
				expect(from && first && overlaps(from, at(first)), arrow.from).toBe(true);
				expect(to && last && overlaps(to, at(last)), arrow.to).toBe(true);
				const solid = placed.boxes.filter(({ box }) => box.inside.length === 0);
				expect(label && solid.filter(({ place }) => overlaps(place, label))).toEqual([]);
			}
		}
	},
);

it("is SVG that contains foreign text only as text", async () => {
	const drawing = clusterDrawing(report, journeyOf("dnsutils", "127.0.0.1:30040"));
	const [first] = drawing.boxes;
	if (first) first.title = hostile;
	const { text } = svg(await layout(drawing, "RIGHT"), hostile);
	expect(text).toContain("&lt;img src=x onerror=alert(1)&gt;");
	expect(text).not.toContain("<img");
});
