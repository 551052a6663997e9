/** Kubernetes objects as text. */
import type { CoreV1Event, KubernetesListObject, KubernetesObject, V1Pod } from "@kubernetes/client-node";
import { stringify } from "yaml";

/** A list as YAML, without managedFields. */
export function yamlOf({ items }: Pick<KubernetesListObject<KubernetesObject>, "items">): string {
	const shown = items.map(({ metadata, ...object }) => {
		const { managedFields: _, ...known } = metadata ?? {};
		return { metadata: known, ...object };
	});
	return stringify({ items: shown }, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** One line for each event, the latest last. */
export const eventLines = (events: readonly CoreV1Event[]): string =>
	events
		.map((event) => {
			const { type = "", reason = "", involvedObject, message = "", count = 1 } = event;
			const about = `${involvedObject.kind} ${involvedObject.name}`;
			const times = count > 1 ? ` (${count} times)` : "";
			return `${timeOf(event)} ${type} ${reason} ${about}: ${message.replaceAll(/\s+/g, " ")}${times}\n`;
		})
		.sort()
		.join("");

/** The time of the last occurrence; its field depends on the component that recorded the event. */
function timeOf({ series, lastTimestamp, eventTime, firstTimestamp, metadata }: CoreV1Event): string {
	const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp;
	// Despite the client library's types, a time with microseconds is a string.
	return time ? new Date(time).toISOString() : "";
}

/** The pod's containers that were created, and whether they were restarted. */
export const containersOf = ({ status }: V1Pod): { name: string; restarted: boolean }[] =>
	[...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map(({ name, restartCount }) => ({
		name,
		restarted: restartCount > 0,
	}));
