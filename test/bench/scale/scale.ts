/**
 * Compares parsing and walking a node's rules with printing them, from 100 to 10,000 Services: `npm run bench:scale`.
 * A container loads the rules and prints them with the tools that the lab uses. After each printing, a new process parses
 * the text and walks one packet for the nodePort of the last Service. Reports the median of several rounds as JSON on
 * stdout and as a table on stderr.
 */
import { fileURLToPath } from "node:url";
import { type ExecaError, execa } from "execa";
import { table } from "../../../lib/table.ts";
import type { Packet } from "../../../netfilter/model.ts";
import { drawFrom } from "../../kernel/generate/draw.ts";
import { kubeProxyIptables } from "../../kernel/generate/iptables.ts";
import { kubeProxyNftables } from "../../kernel/generate/nftables.ts";
import { manyServices, type RandomService } from "../../kernel/generate/services.ts";
import { Machine } from "../../kernel/machine/machine.ts";
import { addresses } from "../../kernel/machine/network.ts";
import { type Tool, textsOf } from "../../kernel/ruleBlocks.ts";
import { median } from "../median.ts";
import type { Measurement } from "./measure.ts";

const sizes = [100, 1_000, 10_000];
const rounds = 5;
const seed = 1;

/** The largest acceptable ratios: to the time that printing takes, and to the size of the printed text. */
const aims = { timeRatio: 1, memoryRatio: 20 };

interface Printer {
	tool: Tool;
	load: string;
	print: string;
	/** Prints the rules line by line. Absent if `print` does. */
	list?: string;
	/** Fails if the image or the kernel lacks this back end. Absent if they must have it. */
	attempt?: string;
}

const printers: Printer[] = [
	{ tool: "iptables", load: "iptables-nft-restore", print: "iptables-nft-save -c" },
	{
		tool: "iptables",
		load: "iptables-legacy-restore",
		print: "iptables-legacy-save -c",
		attempt: "iptables-legacy -t nat -S",
	},
	{ tool: "nftables", load: "nft -f -", print: "nft -j list ruleset", list: "nft list ruleset" },
];

interface Figures {
	print: string;
	services: number;
	lines: number;
	bytes: number;
	printSeconds: number;
	parseSeconds: number;
	walkSeconds: number;
	/** Parsing and walking together in a new process, over printing. */
	timeRatio: number;
	/** The same in a process that repeats it, over printing. */
	warmTimeRatio: number;
	/** The heap that the parsed tables take after the walk, including the text that they contain, over the text's size. */
	memoryRatio: number;
	/** Checking every rule, as the lab does to report what it doesn't understand, after parsing and walking. */
	readAllSeconds: number;
	readAllMemoryRatio: number;
	/** The largest growth of the process's resident memory, including garbage, over the text's size. */
	residentRatio: number;
}

async function measurePrinter(printer: Printer): Promise<Figures[]> {
	const machine = await Machine.start();
	try {
		const { attempt = "true", print } = printer;
		const missing = await machine.run(`${attempt} >/dev/null`).catch(({ stderr }: ExecaError) => stderr);
		if (missing) {
			process.stderr.write(`${print} is skipped: ${missing}\n`);
			return [];
		}
		const figures: Figures[] = [];
		for (const size of sizes) figures.push(await measureSize(machine, printer, size));
		return figures;
	} finally {
		await machine.remove();
	}
}

async function measureSize(machine: Machine, { tool, load, print, list }: Printer, size: number): Promise<Figures> {
	process.stderr.write(`${size} Services, ${print}\n`);
	const services = manyServices(drawFrom(seed), size);
	const rules = (tool === "iptables" ? kubeProxyIptables : kubeProxyNftables)("ipv4", services);
	for (const { text } of textsOf(rules)) await machine.load(`${load} >&2`, text);
	const printing: number[] = [];
	const own: Measurement[] = [];
	let text = "";
	for (let round = 0; round < rounds; round++) {
		printing.push(await printSeconds(machine, print));
		text ||= await machine.run(`cat ${printed}`);
		own.push(await measure(tool, services, text));
	}
	const of = (key: Exclude<keyof Measurement, "paths">) => median(own.map((one) => one[key]));
	const [bytes, seconds] = [Buffer.byteLength(text), median(printing)];
	return {
		print,
		services: size,
		lines: Number(await machine.run(`${list ?? `cat ${printed}`} | wc -l`)),
		bytes,
		printSeconds: seconds,
		parseSeconds: of("parseSeconds"),
		walkSeconds: of("walkSeconds"),
		timeRatio: median(own.map(({ parseSeconds, walkSeconds }) => parseSeconds + walkSeconds)) / seconds,
		warmTimeRatio: of("warmSeconds") / seconds,
		memoryRatio: of("heapBytes") / bytes,
		readAllSeconds: of("readAllSeconds"),
		readAllMemoryRatio: of("heapBytesReadAll") / bytes,
		residentRatio: of("residentBytes") / bytes,
	};
}

/** The printed rules: in memory, so that the disk doesn't matter. */
const printed = "/dev/shm/rules";

async function printSeconds(machine: Machine, print: string): Promise<number> {
	const script = `start=$(date +%s%N); ${print} >${printed}; end=$(date +%s%N); echo $((end - start))`;
	return Number(await machine.run(script)) / 1e9;
}

/** @throws if the path doesn't lead to the endpoints of the last Service: the time of a wrong walk means nothing */
async function measure(tool: Tool, services: readonly RandomService[], text: string): Promise<Measurement> {
	const { nodePort, endpoints = [] } = services.at(-1) ?? {};
	if (nodePort === undefined)
		throw new Error("the last Service has no nodePort; fix: make the size a multiple of four");
	const { node, outside } = addresses.ipv4;
	const [source = ""] = outside;
	const packet: Packet = {
		family: "ipv4",
		protocol: "tcp",
		source,
		sourcePort: 20_001,
		destination: node,
		destinationPort: nodePort,
		inInterface: "eth0",
		mark: 0,
		ctstate: "NEW",
	};
	const script = fileURLToPath(new URL("measure.ts", import.meta.url));
	const command = ["--expose-gc", "--import", "tsx", script, tool, JSON.stringify(packet)];
	const { stdout } = await execa("node", command, { input: text });
	const measurement = JSON.parse(stdout) as Measurement;
	const reached = measurement.paths.map(({ endpoint }) => endpoint?.address).sort();
	const wanted = endpoints.map(({ address }) => address).sort();
	if (String(reached) !== String(wanted)) throw new Error(`the walk leads to ${reached}, the Service has ${wanted}`);
	if (measurement.problems > 0) throw new Error(`${measurement.problems} rules aren't understood`);
	return measurement;
}

/** How many times as much the largest size takes as the smallest. */
function growth(figures: readonly Figures[]) {
	const [smallest, largest] = [figures[0], figures.at(-1)];
	if (!smallest || !largest) throw new Error("nothing was measured");
	const times = (of: (one: Figures) => number) => of(largest) / of(smallest);
	return {
		print: smallest.print,
		services: times(({ services }) => services),
		bytes: times(({ bytes }) => bytes),
		printing: times(({ printSeconds }) => printSeconds),
		parsingAndWalking: times(({ parseSeconds, walkSeconds }) => parseSeconds + walkSeconds),
	};
}

function tableOf(figures: readonly Figures[]): string {
	const head = ["printed by", "Services", "lines", "MB", "print s", "parse s", "walk s", "time ratio", "when warm"];
	head.push("heap ratio", "read all s", "its heap ratio", "resident ratio");
	const rows = figures.map((one) => [
		one.print,
		...[one.services, one.lines].map((count) => count.toLocaleString("en")),
		(one.bytes / 1e6).toFixed(1),
		...[one.printSeconds, one.parseSeconds, one.walkSeconds].map((seconds) => seconds.toFixed(3)),
		...[one.timeRatio, one.warmTimeRatio, one.memoryRatio].map((ratio) => ratio.toFixed(2)),
		one.readAllSeconds.toFixed(3),
		...[one.readAllMemoryRatio, one.residentRatio].map((ratio) => ratio.toFixed(2)),
	]);
	return table([head, ...rows]);
}

const measured: Figures[][] = [];
for (const printer of printers) measured.push(await measurePrinter(printer));
const figures = measured.flat();
process.stderr.write(`\n${tableOf(figures)}\n\n`);
console.log(
	JSON.stringify(
		{ seed, rounds, aims, figures, growth: measured.filter(({ length }) => length > 0).map(growth) },
		null,
		1,
	),
);
