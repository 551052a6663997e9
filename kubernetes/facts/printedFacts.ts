/** What the shell on a node printed: sections of lines or JSON. */
import ipaddr from "ipaddr.js";

/** By file or program. */
export type Sections = ReadonlyMap<string, string>;

export function sectionsOf(text: string): Sections {
	return new Map(
		text
			.split(/^== /m)
			.slice(1)
			.map((section) => {
				const end = section.indexOf("\n");
				return [section.slice(0, end), section.slice(end + 1)] as const;
			}),
	);
}

/** undefined: the program isn't there, or prints text, as BusyBox's `ip` does. */
export function json(text: string | undefined): Record<string, unknown>[] | undefined {
	if (text === undefined) return undefined;
	try {
		const parsed: unknown = JSON.parse(text);
		return Array.isArray(parsed) ? parsed : undefined;
	} catch {
		return undefined;
	}
}

export const lines = (text = ""): string[][] =>
	text
		.split("\n")
		.filter((line) => line.trim() !== "")
		.map((line) => line.trim().split(/\s+/));

/** The kernel prints IPv4 addresses as numbers in the machine's byte order, which is little-endian where Kubernetes runs. */
export const ipv4Of = (hex: string): string =>
	(hex.match(/../g) ?? [])
		.reverse()
		.map((byte) => Number.parseInt(byte, 16))
		.join(".");

export const ipv6Of = (hex: string): string => ipaddr.parse((hex.match(/.{4}/g) ?? []).join(":")).toString();
