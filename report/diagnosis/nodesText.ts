/** Lists of nodes in sentences. */

/** How many nodes are named. */
const mostNamed = 5;

/** "worker-1, worker-2", "worker-1 and 48 other nodes" */
export function nodeNames(nodes: readonly string[]): string {
	if (nodes.length <= mostNamed) return nodes.join(", ");
	return `${nodes.slice(0, mostNamed - 1).join(", ")} and ${nodes.length - mostNamed + 1} other nodes`;
}
