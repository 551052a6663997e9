/** The image of the load balancer that kind puts in front of several control planes. */
import { execa } from "execa";

/** pkg/cluster/internal/loadbalancer/const.go of kind v0.33.0. */
const image = "envoyproxy/envoy:v1.36.2";

/** Builds a substitute if the engine doesn't have the image, because the tests don't pull images. @returns its removal */
export async function provideLoadBalancer(): Promise<() => Promise<void>> {
	const { exitCode } = await execa("docker", ["image", "inspect", image], { reject: false });
	if (exitCode === 0) return async () => {};
	const build = ["--tag", image, "--build-arg", "BASE=nodeport-lab/node:1.36"];
	await execa("docker", ["build", ...build, import.meta.dirname]);
	return async () => {
		await execa("docker", ["image", "rm", "--force", image]);
	};
}
