import { nodePorts, staticNodePorts } from "../../config/nodePorts.ts";
import type { Finding } from "../report.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { same } from "./support/findings.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { extraService } from "./support/services.ts";

/** How many ports the API server is asked to choose: of the whole range, so many would miss the band once in a hundred. */
const chosen = 150;

export const oneServicePerPort: Experiment = {
	name: "one-service-per-port",
	title: "One Service a port, out of few ports",
	question: "What becomes of a second Service on the same nodePort, and which ports are safe to fix?",
	workers: 1,
	changes: () => [{}],
	async measure(lab, snapshot) {
		const { nodePort } = snapshot.objects.service;
		return [
			await refused(lab, snapshot, nodePort, "provided port is already allocated"),
			await refused(
				lab,
				snapshot,
				nodePorts.last + 1,
				`The range of valid ports is ${nodePorts.first}-${nodePorts.last}`,
			),
			await freeChoice(lab, snapshot),
		];
	},
};

async function refused(lab: Lab, snapshot: LabSnapshot, nodePort: number, reason: string): Promise<Finding> {
	const said = await extraService(lab, snapshot, `second-${nodePort}`, { nodePort })
		.then(() => "accepted")
		.catch((error: Error) => error.message);
	const found = said.includes(reason) ? reason : said;
	return { ...same(`a Service of its own on nodePort ${nodePort}`, reason, found), measured: said };
}

/** Ports that are fixed in the band cannot be taken by Services that leave the choice to the API server. */
async function freeChoice(lab: Lab, snapshot: LabSnapshot): Promise<Finding> {
	const ports: number[] = [];
	for (let i = 0; i < chosen; i++) {
		const { spec } = await extraService(lab, snapshot, `free-${i}`, {});
		ports.push(spec?.ports?.[0]?.nodePort ?? 0);
	}
	const inBand = ports.filter((port) => port <= staticNodePorts.last || port > nodePorts.last);
	const what = `${chosen} Services that leave their nodePort to the API server`;
	const expected = `none in the static band ${nodePorts.first}-${staticNodePorts.last}`;
	const measured = inBand.length === 0 ? expected : `${inBand.join(", ")} in it`;
	return { ...same(what, expected, measured), measured: `${measured}: ${Math.min(...ports)} to ${Math.max(...ports)}` };
}
