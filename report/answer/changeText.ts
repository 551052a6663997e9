/** What an update did to a component in one line. */
import { duration } from "../../lib/waitProgress.ts";

export interface ChangedResource {
	/** Its name in the program. */
	name: string;
	effect: "created" | "updated" | "replaced" | "deleted";
}

export interface ComponentChange {
	name: string;
	/** What happened to the component as a whole. */
	effect?: "created" | "deleted";
	/** At least one. */
	resources: ChangedResource[];
	milliseconds: number;
}

/** "cluster: created (45 s)"; "cluster: updated cluster-access (2.1 s)" if only some of its resources changed */
export function changeText({ name, effect, resources, milliseconds }: ComponentChange): string {
	const effects = [...new Set(resources.map((resource) => resource.effect))];
	const parts = effects.map((effect) => `${effect} ${namesOf(resources.filter((one) => one.effect === effect))}`);
	return `${name}: ${effect ?? parts.join(", ")} (${duration(milliseconds)})`;
}

const namesOf = (resources: readonly ChangedResource[]): string => resources.map(({ name }) => name).join(" and ");
