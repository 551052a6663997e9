/**
 * Follows a running Pulumi by its event log: reports what it is doing, and prints a line for each component that changed,
 * and the warnings of resources, such as that a cluster is recreated.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { changeText } from "../../report/answer/changeText.ts";
import type { Status } from "../display/showWork.ts";
import { Changes } from "./componentChanges.ts";
import { type EngineEvent, EventLog } from "./eventLog.ts";

/** Between two readings of the log, in ms. */
const interval = 500;

/** @returns stop, which reads the rest of the log */
export function watchChanges(path: string, status: Status): { stop: () => Promise<void> } {
	const [log, changes] = [new EventLog(path), new Changes()];
	const ended = new AbortController();
	let note = "";

	async function read(): Promise<void> {
		for (const event of await log.read()) {
			for (const change of changes.add(event, Date.now())) console.error(changeText(change));
			const warning = warningIn(event);
			if (warning !== undefined) console.error(`warning: ${warning}`);
			note = noteOf(event) ?? note;
		}
		const { running } = changes;
		if (running.length > 0) status([running.join(", "), note].filter(Boolean).join(": "));
	}

	async function follow(): Promise<void> {
		while (!ended.signal.aborted) {
			await read();
			await sleep(interval, undefined, { signal: ended.signal }).catch(() => {});
		}
		await read();
		for (const change of changes.rest(Date.now())) console.error(changeText(change));
	}

	const following = follow().catch((error: Error) => console.error(`can't read Pulumi's events: ${error.message}`));
	return {
		stop() {
			ended.abort();
			return following;
		},
	};
}

/** Tags such as <{%reset%}> stand for colors in Pulumi's events: sdk/go/common/diag/colors. */
const colorTag = /<\{%[^%]*%\}>/g;

const withoutColors = (message: string): string => message.replaceAll(colorTag, "").trim();

/** The objects of a cluster that is recreated are gone with it. Where it matters, an error says so too. */
const goneCluster = /^configured Kubernetes cluster is unreachable/;

/** Those without a resource are about Pulumi itself, such as plugins on PATH. */
function warningIn({ diagnosticEvent }: EngineEvent): string | undefined {
	if (!diagnosticEvent?.urn || diagnosticEvent.severity !== "warning" || diagnosticEvent.ephemeral) return undefined;
	const message = withoutColors(diagnosticEvent.message);
	return goneCluster.test(message) ? undefined : message;
}

/** The last line that a resource's program printed; a new operation has none. */
function noteOf({ resourcePreEvent, diagnosticEvent }: EngineEvent): string | undefined {
	if (resourcePreEvent) return "";
	if (!diagnosticEvent?.urn || diagnosticEvent.severity === "debug") return undefined;
	return withoutColors(diagnosticEvent.message).split("\n").at(-1)?.trim();
}
