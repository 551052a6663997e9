import { findNodes } from "../kind/docker.ts";

/** The clusters that this project created, in this clone or another. */
export async function labClusters(): Promise<string[]> {
	const own = (await findNodes()).filter(({ creationId }) => creationId !== undefined);
	return [...new Set(own.map(({ cluster }) => cluster))];
}
