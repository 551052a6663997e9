/** Watches the operations of a running Pulumi by its event log: reports the slow ones, and gives up on those that hang. */
import { z } from "zod";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { readState, type StackState } from "../stack/stackState.ts";
import { blockers } from "./blockers.ts";
import { type EngineEvent, EventLog } from "./eventLog.ts";

/** Times in ms. */
export interface Limits {
	/** The cluster that the operations are in. */
	access?: Access;
	/** Between two readings of the log. */
	interval: number;
	/** An operation that takes longer is reported. */
	reportAfter: number;
	/** What an operation may take in addition to its customTimeouts. */
	grace: number;
	/** The time for an operation without customTimeouts: that of pulumi-kubernetes. */
	defaultTimeout: number;
}

const usual: Limits = { interval: 2000, reportAfter: 30_000, grace: 30_000, defaultTimeout: 600_000 };

export interface Operation {
	/** "create", "delete-replaced", "refresh". */
	op: string;
	urn: string;
	type: string;
	/** The name in the program. */
	name: string;
	/** An object's declaration. */
	inputs: unknown;
	outputs: unknown;
}

/** Follows the operations that have started and not ended. */
function follow(operations: Map<string, Operation>, { resourcePreEvent, ...ending }: EngineEvent): void {
	if (resourcePreEvent) {
		const { op, urn, type, old, new: next } = resourcePreEvent.metadata;
		// A component has no operation of its own: its event ends with its last child.
		if (!(next ?? old)?.custom || op === "same") return;
		const name = urn.split("::").at(-1) ?? "";
		const state = { inputs: (next ?? old)?.inputs, outputs: old?.outputs };
		operations.set(`${op} ${urn}`, { op, urn, type, name, ...state });
	}
	const ended = (ending.resOutputsEvent ?? ending.resOpFailedEvent)?.metadata;
	if (ended) operations.delete(`${ended.op} ${ended.urn}`);
}

/** @param giveUp is called once, with the reason and the fix, if an operation takes longer than it may */
export function watchOperations(path: string, options: Partial<Limits>, giveUp: (reason: string) => void) {
	const limits = { ...usual, ...options };
	const log = new EventLog(path);
	const operations = new Map<string, Operation>();
	const since = new Map<string, number>();
	const timeouts = new Map<string, number>();
	const reported = new Set<string>();
	const silence = { since: Date.now(), reported: false };
	let isEnding = false;
	/** The log is read where the last reading ended: two at once would read the same. */
	let isChecking = false;

	async function check(): Promise<void> {
		const events = await log.read();
		for (const event of events) follow(operations, event);
		if (operations.size > 0 || events.length > 0) Object.assign(silence, { since: Date.now(), reported: false });
		else checkSilence();
		for (const key of since.keys()) if (!operations.has(key)) forget(key);
		for (const [key, operation] of operations) {
			const begun = since.get(key) ?? Date.now();
			since.set(key, begun);
			const elapsed = Date.now() - begun;
			if (elapsed < limits.reportAfter && elapsed < limits.defaultTimeout) continue;
			if (!reported.has(key)) {
				timeouts.set(key, timeoutOf(operation, await readState()) ?? limits.defaultTimeout);
				reported.add(key);
				// The lab's commands print their own progress.
				if (!operation.type.startsWith("command:")) console.error(`\n${(await explanation(operation)).join("\n")}`);
			}
			if (elapsed > (timeouts.get(key) ?? 0) + limits.grace) return end(operation, elapsed);
		}
	}

	/** While Pulumi starts its plugins and lets them check resources, it reports nothing, and a plugin can hang there. */
	function checkSilence(): void {
		const elapsed = Date.now() - silence.since;
		const silent = `Pulumi has reported no step for ${Math.round(elapsed / 1000)} s`;
		if (elapsed >= limits.reportAfter && !silence.reported) {
			silence.reported = true;
			console.error(
				`\n${silent}: it waits for the program, or for a plugin that starts, checks a resource or waits for the cluster`,
			);
		}
		if (elapsed > limits.defaultTimeout + limits.grace) {
			isEnding = true;
			giveUp(
				`${silent}\nfix: check that the cluster answers (npm run doctor), and run the same command again: it resumes`,
			);
		}
	}

	async function end(operation: Operation, elapsed: number): Promise<void> {
		isEnding = true;
		const lines = await explanation(operation);
		const what = `${described(operation)} hasn't ended within ${Math.round(elapsed / 1000)} s`;
		giveUp(
			[what, ...lines.slice(1), "fix: remove what blocks it, and run the same command again: it resumes"].join("\n"),
		);
	}

	async function explanation(operation: Operation): Promise<string[]> {
		const seconds = Math.round((Date.now() - (since.get(`${operation.op} ${operation.urn}`) ?? 0)) / 1000);
		return [
			`still waiting for ${described(operation)} after ${seconds} s`,
			...(await blockers(operation, limits.access)),
		];
	}

	function forget(key: string): void {
		since.delete(key);
		reported.delete(key);
	}

	const timer = setInterval(() => {
		if (isEnding || isChecking) return;
		isChecking = true;
		void check()
			.catch((error: Error) => console.error(`can't read Pulumi's events: ${error.message}`))
			.finally(() => {
				isChecking = false;
			});
	}, limits.interval);
	return { stop: () => clearInterval(timer) };
}

const verbs: Record<string, string> = { delete: "deletion", update: "update", refresh: "refresh", read: "read" };

const described = ({ op, type, name }: Operation): string =>
	`the ${verbs[op.split("-")[0] ?? ""] ?? "creation"} of ${type.split(":").at(-1)} ${name}`;

const Timeouts = z.object({ create: z.number(), update: z.number(), delete: z.number() }).partial();

/** What the program allows, in ms; Pulumi records it in seconds. */
function timeoutOf({ op, urn }: Operation, { resources, pending_operations }: StackState): number | undefined {
	const pending = pending_operations.map(({ resource }) => resource);
	const { customTimeouts } = [...pending, ...resources].find((resource) => resource.urn === urn) ?? {};
	const kind = op.startsWith("delete") ? "delete" : op === "update" ? "update" : "create";
	const seconds = Timeouts.safeParse(customTimeouts).data?.[kind];
	return seconds ? seconds * 1000 : undefined;
}
