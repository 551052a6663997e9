/** Whose things are. Clones and stacks share one engine, and others a cluster; none touches what another made. */
import { createHash, randomBytes } from "node:crypto";
import { realpath } from "node:fs/promises";

/** The name of the lab's one KindCluster: index.ts gives it, and the commands find what belongs to it by it. */
export const labCluster = "cluster";

/** By it a namespace says which stack's creation it came from: the note of a killed update has the same mark. */
export const ownerAnnotation = "nodeport-lab/owner";

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** The owner that a KindCluster of this name is, in this stack of the project in the working folder. */
export async function ownerOf(stack: string, component: string): Promise<string> {
	// A stack may be named in full: organization/project/stack.
	return digest(JSON.stringify([await realpath(process.cwd()), stack.split("/").at(-1), component]));
}

/** Names one thing that was made: "<shape>-<owner>-<random>", eight hexadecimal digits each. */
export const newCreationId = (shape: string, owner: string): string =>
	`${shape}-${owner}-${randomBytes(4).toString("hex")}`;

/** The owner that a creation id names; any other id stands for itself. */
export const ownerIn = (id: string): string => /^[0-9a-f]{8}-([0-9a-f]{8})-[0-9a-f]{8}$/.exec(id)?.[1] ?? id;

/** @throws where something of this name exists that is not the owner's; tells what to do */
export function refuseStrangers(
	what: "cluster" | "outside client",
	name: string,
	found: { creationId?: string }[],
	owner: string,
): void {
	const remove = what === "cluster" ? `kind delete cluster --name ${name}` : `docker rm --force ${name}`;
	const other = `Choose another name (pulumi config set clusterName ${name}2)`;
	if (found.some(({ creationId }) => creationId === undefined)) {
		const foreign = what === "cluster" ? "a kind cluster" : "a container";
		throw new Error(
			`${foreign} named "${name}" exists that this project did not make. ${other} or remove it (${remove})`,
		);
	}
	if (found.some(({ creationId }) => ownerIn(creationId ?? "") !== owner)) {
		throw new Error(
			`the ${what} "${name}" belongs to another clone or stack of this project. ${other}, destroy it there ` +
				`(npm run destroy), or remove it (${remove})`,
		);
	}
}
