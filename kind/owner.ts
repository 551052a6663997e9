/** Who owns what. Clones and stacks share one Docker engine, and a cluster may have other users: each changes its own. */
import { createHash, randomBytes } from "node:crypto";
import { realpath } from "node:fs/promises";
import { isPackaged } from "../lib/programs/packaged.ts";

/** The name of the lab's one KindCluster: index.ts sets it, and the commands find the cluster by it. */
export const labCluster = "cluster";

/** A namespace's annotation that names the stack which created it. */
export const ownerAnnotation = "nodeport-lab/owner";

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** The owner that a KindCluster of this name is, in this stack of the project in the working folder. */
export async function ownerOf(stack: string, component: string): Promise<string> {
	// A stack's full name is organization/project/stack.
	return digest(JSON.stringify([await realpath(process.cwd()), stack.split("/").at(-1), component]));
}

/** "<shape>-<owner>-<random>", eight hexadecimal digits each. */
export const newCreationId = (shape: string, owner: string): string =>
	`${shape}-${owner}-${randomBytes(4).toString("hex")}`;

/** The owner in a creation id. An id of another format stands for itself. */
export const ownerIn = (id: string): string => /^[0-9a-f]{8}-([0-9a-f]{8})-[0-9a-f]{8}$/.exec(id)?.[1] ?? id;

/** @throws if something with this name exists that doesn't belong to the owner; the message contains the fix */
export function refuseForeign(
	what: "cluster" | "outside client",
	name: string,
	found: { creationId?: string }[],
	owner: string,
): void {
	const remove = what === "cluster" ? `kind delete cluster --name ${name}` : `docker rm --force ${name}`;
	const other = `choose another name${isPackaged ? "" : ` (pulumi config set clusterName ${name}2)`}`;
	if (found.some(({ creationId }) => creationId === undefined)) {
		const foreign = what === "cluster" ? "a kind cluster" : "a container";
		const adopt = what === "cluster" ? "; KindCluster's `adopt: true` takes it over" : "";
		throw new Error(
			`${foreign} named "${name}" already exists and isn't managed by this project; fix: ${other}, or remove it (${remove})${adopt}`,
		);
	}
	if (found.some(({ creationId }) => ownerIn(creationId ?? "") !== owner)) {
		const destroy = isPackaged ? "pulumi destroy" : "npm run destroy";
		throw new Error(
			`the ${what} "${name}" belongs to another clone or stack of this project; fix: ${other}, ` +
				`or destroy it there (${destroy}), or remove it (${remove})`,
		);
	}
}
