import { nodePorts, staticNodePorts } from "../../config/nodePorts.ts";
import type { Measurement } from "../report.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { extraService } from "./support/extraService.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";
import { same } from "./support/measurements.ts";

/** 150 ports chosen at random from the whole range would all miss the static band once in a hundred runs. */
const chosen = 150;

export const oneServicePerPort: Experiment = {
	name: "one-service-per-port",
	title: "One Service per port, and few ports",
	question: "What happens to a second Service on the same nodePort, and which ports are safe to fix?",
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

async function refused(lab: Lab, snapshot: LabSnapshot, nodePort: number, reason: string): Promise<Measurement> {
	const answer = await extraService(lab, snapshot, `second-${nodePort}`, { nodePort })
		.then(() => "accepted")
		.catch((error: Error) => error.message);
	const found = answer.includes(reason) ? reason : answer;
	return { ...same(`another Service on nodePort ${nodePort}`, reason, found), measured: answer };
}

/** The API server assigns ports from the static band only when all others are taken, so a fixed port there is safe. */
async function freeChoice(lab: Lab, snapshot: LabSnapshot): Promise<Measurement> {
	const ports: number[] = [];
	for (let i = 0; i < chosen; i++) {
		const { spec } = await extraService(lab, snapshot, `free-${i}`, {});
		ports.push(spec?.ports?.[0]?.nodePort ?? 0);
	}
	const inBand = ports.filter((port) => port <= staticNodePorts.last || port > nodePorts.last);
	const what = `${chosen} Services whose nodePort the API server chooses`;
	const expected = `no port in the static band ${nodePorts.first}-${staticNodePorts.last}`;
	const measured = inBand.length === 0 ? expected : `${inBand.join(", ")} in the static band`;
	return { ...same(what, expected, measured), measured: `${measured}: ${Math.min(...ports)} to ${Math.max(...ports)}` };
}
