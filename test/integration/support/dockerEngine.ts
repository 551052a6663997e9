/** What tests do to, and expect of, the Docker engine. */
import { execa } from "execa";
import { expect } from "vitest";
import { Contract } from "./contract.ts";
import type { Lab } from "./lab.ts";
import { clusterName, unusedVolumes } from "./testResources.ts";

export const docker = async (...args: string[]): Promise<string> => (await execa("docker", args)).stdout;

/** A container's address on its network. */
export const addressOf = (container: string): Promise<string> =>
	docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container);

/** Starts containers until they have these addresses. @returns their names */
export async function occupy(network: string, addresses: string[]): Promise<string[]> {
	const squatters: string[] = [];
	for (const free = new Set(addresses); free.size > 0; free.delete(await addressOf(squatters.at(-1) ?? ""))) {
		if (squatters.length > 20) throw new Error(`the engine assigns ${[...free].join(", ")} to no container`);
		const name = `${clusterName}-squatter${squatters.length}`;
		const options = ["--detach", `--network=${network}`, `--name=${name}`];
		await docker("run", ...options, "nodeport-lab/dnsutils:0.1.0", "/usr/local/bin/idle");
		squatters.push(name);
	}
	return squatters;
}

/** Another test's volume may be without its container for a moment. */
export async function expectNoNewVolumes(before: string[]): Promise<void> {
	const added = async () => (await unusedVolumes()).filter((volume) => !before.includes(volume));
	await expect.poll(added, { timeout: 5_000 }).toEqual([]);
}

/** The stack's outputs have the addresses that the nodes' containers have now. */
export async function expectOwnAddresses(lab: Lab, nodes: string[]): Promise<void> {
	const { nodeIps } = Contract.parse(await lab.outputs());
	const addresses = await Promise.all(nodes.map(async (node) => [node, await addressOf(node)]));
	expect(nodeIps).toEqual(Object.fromEntries(addresses));
}
