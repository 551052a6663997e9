import { nodePorts, staticNodePorts } from "../../config/nodePorts.ts";
import type { Measurement } from "./model.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { extraService } from "./support/extraService.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";

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
	const measured = await extraService(lab, snapshot, `second-${nodePort}`, { nodePort }).then(
		() => ({ kind: "accepted" as const }),
		({ message }: Error) => ({ kind: "refused" as const, message }),
	);
	return {
		subject: { kind: "secondService", nodePort },
		expected: { kind: "refused", message: reason },
		measured,
		ok: measured.kind === "refused" && measured.message.includes(reason),
	};
}

/** The API server assigns ports from the static band only when all others are taken, so a fixed port there is safe. */
async function freeChoice(lab: Lab, snapshot: LabSnapshot): Promise<Measurement> {
	const ports: number[] = [];
	for (let i = 0; i < chosen; i++) {
		const { spec } = await extraService(lab, snapshot, `free-${i}`, {});
		ports.push(spec?.ports?.[0]?.nodePort ?? 0);
	}
	const inBand = ports.filter((port) => port <= staticNodePorts.last || port > nodePorts.last);
	const band: [number, number] = [nodePorts.first, staticNodePorts.last];
	return {
		subject: { kind: "assignedPorts", services: chosen },
		expected: { kind: "ports", band, inBand: [] },
		measured: { kind: "ports", band, inBand, range: [Math.min(...ports), Math.max(...ports)] },
		ok: inBand.length === 0,
	};
}
