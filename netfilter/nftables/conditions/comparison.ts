/** Compares a value of the packet with what an nftables rule asks for: a constant, a range, a set. */
import { chanceWithin, contains, parseAddress, parseRange } from "../../address.ts";
import { all, any, type Chance, certainly } from "../../chance.ts";
import type { Element, Elements, Expression } from "../expressions.ts";
import { constant, keyOf, keyOfElement, numberOf, type Value } from "./values.ts";

export function chanceOf(value: Value, pattern: Expression): Chance {
	switch (pattern.kind) {
		case "literal":
			return chanceOfLiteral(value, pattern.value);
		case "prefix": {
			const range = parseRange(`${pattern.address}/${pattern.bits}`);
			return value.kind === "address" && range
				? chanceWithin(value.candidates, (address) => contains(range, address))
				: "unknown";
		}
		case "range":
			return chanceOfRange(value, constant(pattern.first), constant(pattern.last));
		case "concat":
			if (value.kind !== "concat" || value.parts.length !== pattern.parts.length) return "unknown";
			return all(pattern.parts.map((part, i) => chanceOf(value.parts[i] ?? value, part)));
		case "binary":
			return value.kind === "number" ? equals(value.value, numberOf(constant(pattern))) : "unknown";
		case "list":
			if (value.kind === "number") return equals(value.value, bitsOf(pattern.values));
			return any(pattern.values.map((one) => chanceOf(value, one)));
		default:
			return "unknown";
	}
}

function chanceOfLiteral(value: Value, literal: string | number): Chance {
	switch (value.kind) {
		case "address": {
			const wanted = parseAddress(String(literal))?.toString();
			return wanted === undefined ? "unknown" : chanceWithin(value.candidates, (one) => one.toString() === wanted);
		}
		case "bits":
			return value.names.includes(String(literal)) ? value.chanceOf(String(literal)) : "unknown";
		case "tested":
			return value.chanceOf(String(literal));
		case "name":
			if (String(literal).endsWith("*")) return certainly(value.value.startsWith(String(literal).slice(0, -1)));
			return certainly(keyOf(value) === keyOfElement({ kind: "literal", value: literal }));
		case "number":
			return equals(value.value, numberOf(constant({ kind: "literal", value: literal })));
		case "masked": {
			const wanted = numberOf(constant({ kind: "literal", value: literal }));
			return wanted !== undefined && (wanted & value.known) >>> 0 !== value.value ? 0 : "unknown";
		}
		default:
			return "unknown";
	}
}

const equals = (value: number, wanted: number | undefined): Chance =>
	wanted === undefined ? "unknown" : certainly(value === wanted);

function bitsOf(values: readonly Expression[]): number | undefined {
	const bits = values.map((one) => numberOf(constant(one)));
	return bits.reduce((sum, bit) => (sum === undefined || bit === undefined ? undefined : sum | bit), 0);
}

/** `tcp flags syn`: whether any of the bits is set. */
export function chanceOfBits(value: number, pattern: Expression): Chance {
	if (pattern.kind === "list") return any(pattern.values.map((one) => chanceOfBits(value, one)));
	const bits = numberOf(constant(pattern));
	return bits === undefined ? "unknown" : certainly((value & bits) !== 0);
}

function chanceOfRange(value: Value, first: Value, last: Value): Chance {
	if (value.kind === "number" && first.kind === "number" && last.kind === "number") {
		return certainly(first.value <= value.value && value.value <= last.value);
	}
	if (value.kind === "address" && first.kind === "address" && last.kind === "address") {
		const [from] = first.candidates;
		const [to] = last.candidates;
		if (from && to) return chanceWithin(value.candidates, (one) => contains({ first: from, last: to }, one));
	}
	return "unknown";
}

/** "<", "<=", ">" and ">=" of numbers. */
export function chanceOfOrder(operator: string, value: Value, pattern: Expression): Chance {
	const bound = constant(pattern);
	if (value.kind !== "number" || bound.kind !== "number") return "unknown";
	switch (operator) {
		case "<":
			return certainly(value.value < bound.value);
		case "<=":
			return certainly(value.value <= bound.value);
		case ">":
			return certainly(value.value > bound.value);
		case ">=":
			return certainly(value.value >= bound.value);
		default:
			return "unknown";
	}
}

/** A set's elements by key, so that a map with tens of thousands of Services is not searched from end to end. */
interface Index {
	exact: Map<string, Element>;
	/** Elements that hold several values: prefixes and ranges. */
	wide: Element[];
	/** "*" holds what no other element holds. */
	rest: Element | undefined;
}

const indexes = new WeakMap<Elements, Index>();

function indexOf(elements: Elements): Index {
	const known = indexes.get(elements);
	if (known) return known;
	const index: Index = { exact: new Map(), wide: [], rest: elements.all.find(({ key }) => isRest(key)) };
	for (const element of elements.all) {
		const key = keyOfElement(element.key);
		if (key !== undefined) index.exact.set(key, element);
		else if (element !== index.rest) index.wide.push(element);
	}
	indexes.set(elements, index);
	return index;
}

const isRest = (key: Expression): boolean => key.kind === "literal" && key.value === "*";

/** The element that holds the value; undefined: no element does; "unknown": it depends on what isn't known. */
export function findElement(elements: Elements, value: Value): Element | "unknown" | undefined {
	const { exact, wide, rest } = indexOf(elements);
	const key = keyOf(value);
	const found = key === undefined ? undefined : exact.get(key);
	if (found) return found;
	let unsure = false;
	for (const element of key === undefined ? elements.all : wide) {
		const chance = chanceOf(value, element.key);
		if (chance === 1) return element;
		unsure ||= chance !== 0;
	}
	return unsure ? "unknown" : rest;
}

/** Whether the value is in the set. */
export function chanceOfMember(elements: Elements, value: Value): Chance {
	const found = findElement(elements, value);
	if (found === "unknown") return "unknown";
	return found ? 1 : 0;
}

/** Every element that may hold the value; undefined: none may, as one of the possibilities. */
export function possibleElements(elements: Elements, value: Value): (Element | undefined)[] {
	const { rest } = indexOf(elements);
	const possible = elements.all.filter((element) => element !== rest && chanceOf(value, element.key) !== 0);
	return [...possible, rest];
}
