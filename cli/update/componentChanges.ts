/** What an update changes, component by component. */
import type { ChangedResource, ComponentChange } from "../../report/answer/changeText.ts";
import type { EngineEvent } from "./eventLog.ts";

/** Other operations change nothing, or are parts of these: a replaced resource is also deleted. */
const effects: Record<string, ChangedResource["effect"]> = {
	create: "created",
	update: "updated",
	replace: "replaced",
	"create-replacement": "replaced",
	delete: "deleted",
};

interface Running {
	began: number;
	resources: ChangedResource[];
	/** Their operations that haven't ended. */
	operations: Set<string>;
}

export class Changes {
	readonly #parents = new Map<string, string>();
	readonly #components = new Map<string, Running>();

	/** The components that are being changed. */
	get running(): string[] {
		return [...this.#components].flatMap(([name, { operations }]) => (operations.size > 0 ? name : []));
	}

	/** @returns the components whose changes have ended with this event */
	add({ resourcePreEvent, resOutputsEvent }: EngineEvent, now: number): ComponentChange[] {
		const step = (resourcePreEvent ?? resOutputsEvent)?.metadata;
		if (!step || step.type.startsWith("pulumi:")) return [];
		const { op, urn } = step;
		const state = step.new ?? step.old;
		if (state?.parent) this.#parents.set(urn, state.parent);
		const effect = effects[op];
		const top = this.#topOf(urn);
		if (state?.custom && effect) {
			const component = this.#component(nameIn(top), now);
			if (resourcePreEvent) component.operations.add(urn);
			else {
				component.operations.delete(urn);
				const name = nameIn(urn);
				if (!component.resources.some((resource) => resource.name === name)) component.resources.push({ name, effect });
			}
		}
		// A component ends after its last child.
		return resOutputsEvent && urn === top ? this.#end(nameIn(top), now, effect) : [];
	}

	/** What has changed outside a component that ended. */
	rest(now: number): ComponentChange[] {
		return [...this.#components.keys()].flatMap((name) => this.#end(name, now));
	}

	#component(name: string, now: number): Running {
		const known = this.#components.get(name) ?? { began: now, resources: [], operations: new Set() };
		this.#components.set(name, known);
		return known;
	}

	#end(name: string, now: number, effect?: ChangedResource["effect"]): ComponentChange[] {
		const component = this.#components.get(name);
		this.#components.delete(name);
		if (!component || component.resources.length === 0) return [];
		const { resources, began } = component;
		const whole = effect === "created" || effect === "deleted" ? { effect } : {};
		return [{ name, ...whole, resources, milliseconds: now - began }];
	}

	/** The URN of the component below the stack that the resource belongs to, or its own. */
	#topOf(urn: string): string {
		// The types of all parents below the stack are joined by "$": https://www.pulumi.com/docs/iac/concepts/resources/names/
		const parent = this.#parents.get(urn);
		return parent !== undefined && urn.split("::")[2]?.includes("$") ? this.#topOf(parent) : urn;
	}
}

const nameIn = (urn: string): string => urn.split("::").at(-1) ?? urn;
