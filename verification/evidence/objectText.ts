/** Kubernetes objects as text for people. */
import type { CoreV1Event, KubernetesListObject, KubernetesObject, V1Pod } from "@kubernetes/client-node";
import { stringify } from "yaml";

/** A list as YAML, without the record of who set which field. */
export function yamlOf({ items }: Pick<KubernetesListObject<KubernetesObject>, "items">): string {
	const shown = items.map(({ metadata, ...object }) => {
		const { managedFields: _, ...known } = metadata ?? {};
		return { metadata: known, ...object };
	});
	return stringify({ items: shown }, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** One line an event, the latest last. */
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

/** When it was last seen; which field tells depends on who recorded it. */
function timeOf({ series, lastTimestamp, eventTime, firstTimestamp, metadata }: CoreV1Event): string {
	const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp;
	// Microseconds come as a string, whatever the client library's types say.
	return time ? new Date(time).toISOString() : "";
}

/** The pod's containers that the kubelet knows of, and whether there was one in the place of each before. */
export const containersOf = ({ status }: V1Pod): { name: string; restarted: boolean }[] =>
	[...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map(({ name, restartCount }) => ({
		name,
		restarted: restartCount > 0,
	}));
