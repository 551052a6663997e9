/** The image of the load balancer that kind puts in front of several control planes. */
import { execa } from "execa";
import { clusterName } from "../testResources.ts";

/** pkg/cluster/internal/loadbalancer/const.go of kind v0.33.0. */
const image = "envoyproxy/envoy:v1.36.2";

const label = "nodeport-lab/test";

/**
 * Builds a substitute if the engine doesn't have the image, because the tests don't pull images. A container keeps other
 * tests, which may use it at the same time, from removing it. @returns its removal
 */
export async function provideLoadBalancer(): Promise<() => Promise<void>> {
	if (await isReal()) return async () => {};
	const build = ["--tag", image, "--label", `${label}=`, "--build-arg", "BASE=nodeport-lab/node:1.36"];
	await execa("docker", ["build", ...build, import.meta.dirname]);
	await execa("docker", ["create", "--name", clusterName, image, "true"]);
	return async () => {
		await execa("docker", ["rm", clusterName]);
		const { stderr, exitCode } = await execa("docker", ["image", "rm", image], { reject: false });
		if (exitCode !== 0 && !/is using its referenced image/.test(stderr)) throw new Error(stderr);
	};
}

async function isReal(): Promise<boolean> {
	const inspect = ["image", "inspect", "--format", "{{.Config.Labels}}", image];
	const { exitCode, stdout } = await execa("docker", inspect, { reject: false });
	return exitCode === 0 && !stdout.includes(`${label}:`);
}
