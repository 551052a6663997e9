/**
 * Each test file's clusters have their own Docker network: a stopped node would otherwise lose its address to the nodes
 * of a file that runs at the same time.
 */
import { execa } from "execa";
import { afterAll } from "vitest";
import { network, networks } from "./testResources.ts";

process.env.KIND_EXPERIMENTAL_DOCKER_NETWORK = network;

// Hooks run in reverse order: by now the file's own ones have removed its clusters.
afterAll(async () => {
	if ((await networks()).includes(network)) await execa("docker", ["network", "rm", network]);
});
