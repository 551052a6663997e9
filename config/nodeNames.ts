/** Settings that name nodes. Pure. */
import type { FieldError } from "../lib/fieldErrors.ts";

/**
 * The faults of names that are none of the nodes'; what is no text is told elsewhere. Each fix chooses a node that is
 * there, and for the echo one that the list does not have yet.
 * @param nodes those that pods of the lab may run on
 * @param allowed which these are, in words
 * @param spare more that the echo's list may name
 */
export function nodeNameFaults(
	{ echoNodes, clientNode }: { echoNodes?: unknown; clientNode?: unknown },
	nodes: string[],
	allowed: string,
	spare: string[] = [],
): FieldError[] {
	const isWrong = (got: unknown): boolean => typeof got === "string" && !nodes.includes(got);
	const chosen: unknown[] = Array.isArray(echoNodes) ? echoNodes : [];
	const free = nodes.filter((node) => !chosen.includes(node));
	const faults = chosen.flatMap((got, i): FieldError[] => {
		if (!isWrong(got) || spare.includes(String(got))) return [];
		const [field, node] = [`echoNodes[${i}]`, free.shift()];
		const fix = node === undefined ? "pulumi config rm echoNodes" : `pulumi config set --path '${field}' ${node}`;
		return [{ field, got, allowed, fix }];
	});
	if (!isWrong(clientNode)) return faults;
	const fix = `pulumi config set clientNode ${nodes.at(-1)}`;
	return [...faults, { field: "clientNode", got: clientNode, allowed, fix }];
}
