/** Checks of the settings that name nodes. Pure. */
import type { FieldError } from "../lib/fieldErrors.ts";

/**
 * Errors for names that aren't allowed; values that aren't text are reported elsewhere. Each fix chooses an allowed node,
 * for echoNodes one that the list doesn't contain yet.
 * @param nodes the allowed nodes
 * @param allowed the allowed nodes in words
 * @param spare more nodes that echoNodes may contain
 */
export function nodeNameErrors(
	{ echoNodes, clientNode }: { echoNodes?: unknown; clientNode?: unknown },
	nodes: string[],
	allowed: string,
	spare: string[] = [],
): FieldError[] {
	const isWrong = (got: unknown): boolean => typeof got === "string" && !nodes.includes(got);
	const chosen: unknown[] = Array.isArray(echoNodes) ? echoNodes : [];
	const free = nodes.filter((node) => !chosen.includes(node));
	const errors = chosen.flatMap((got, i): FieldError[] => {
		if (!isWrong(got) || spare.includes(String(got))) return [];
		const [field, node] = [`echoNodes[${i}]`, free.shift()];
		const fix = node === undefined ? "pulumi config rm echoNodes" : `pulumi config set --path '${field}' ${node}`;
		return [{ field, got, allowed, fix }];
	});
	if (!isWrong(clientNode)) return errors;
	const fix = `pulumi config set clientNode ${nodes.at(-1)}`;
	return [...errors, { field: "clientNode", got: clientNode, allowed, fix }];
}
