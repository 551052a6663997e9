/** Where the engine runs, and so which of the lab's addresses can be reached from this machine. */
import type { Engine } from "../../../toolchain/engine/readEngine.ts";
import type { Finding } from "../finding.ts";

/** The endpoint's host if it is another machine: `tcp://` and `ssh://` may also lead to this one. */
function remoteHost(endpoint: string): string | undefined {
	if (!/^(tcp|ssh|https?):/.test(endpoint)) return undefined;
	const { hostname } = new URL(endpoint);
	return /^(localhost|127\..*|\[::1\])$/.test(hostname) ? undefined : hostname;
}

/** @param endpoint DOCKER_HOST, or that of the context */
export function judgeLocation(
	{ here, desktop, rootless }: Pick<Engine, "here" | "desktop" | "rootless">,
	endpoint: string,
	hostPort: number | undefined,
): Finding {
	const subject = "node addresses";
	const remote = here ? undefined : remoteHost(endpoint);
	if (remote !== undefined) {
		const found = `the Docker engine runs on another machine (${endpoint}): kind publishes the API server on that machine's 127.0.0.1, which can't be reached from here`;
		const fix = process.env.DOCKER_HOST
			? "unset DOCKER_HOST, or run the lab on that machine"
			: "docker context use default, or run the lab on that machine";
		return { subject, level: "stop", found, fix };
	}
	if (here && !rootless) return { subject, level: "ok", found: "this machine reaches the nodes by their addresses" };
	const engine = desktop ? "Docker Desktop" : rootless ? "rootless Docker" : "an engine in a virtual machine";
	const published =
		hostPort === undefined
			? "To call the NodePort from here, publish it: pulumi config set hostPort 8080"
			: `127.0.0.1:${hostPort} reaches the NodePort`;
	const found = `with ${engine}, this machine can't reach node addresses; pods and the verification can. ${published}`;
	return { subject, level: "ok", found };
}
