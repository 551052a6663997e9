/** Sets and maps of nftables, and whether a packet's value is in them. */
import type { Chance } from "../chance.ts";
import { chanceOf } from "./compare.ts";
import type { Element, Expression } from "./expressions.ts";
import { keyOf, keyOfElement, type Value } from "./values.ts";

/** The elements of a set, read when first asked for: a node with many Services has maps with tens of thousands. */
export class ElementSet {
	private readonly read: () => Element[];
	private loaded:
		| { all: Element[]; exact: Map<string, Element>; wide: Element[]; rest: Element | undefined }
		| undefined;

	constructor(read: () => Element[]) {
		this.read = read;
	}

	get elements(): readonly Element[] {
		return this.load().all;
	}

	/** The element that holds the value, undefined where none does, "unknown" where that cannot be told. */
	find(value: Value): Element | "unknown" | undefined {
		const { all, exact, wide, rest } = this.load();
		const key = keyOf(value);
		const found = key === undefined ? undefined : exact.get(key);
		if (found) return found;
		let unsure = false;
		for (const element of key === undefined ? all : wide) {
			const chance = chanceOf(value, element.key);
			if (chance === 1) return element;
			unsure ||= chance !== 0;
		}
		return unsure ? "unknown" : rest;
	}

	/** Whether the value is in the set. */
	has(value: Value): Chance {
		const found = this.find(value);
		if (found === "unknown") return "unknown";
		return found ? 1 : 0;
	}

	private load() {
		if (!this.loaded) {
			const all = this.read();
			const exact = new Map<string, Element>();
			const wide: Element[] = [];
			// "*" holds what no other element holds.
			const rest = all.find(({ key }) => isRest(key));
			for (const element of all) {
				const key = keyOfElement(element.key);
				if (key !== undefined) exact.set(key, element);
				else if (element !== rest) wide.push(element);
			}
			this.loaded = { all, exact, wide, rest };
		}
		return this.loaded;
	}
}

const isRest = (key: Expression): boolean => key.kind === "literal" && key.value === "*";
