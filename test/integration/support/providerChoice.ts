/** Which Kubernetes provider the labs of the tests use. Each has its own Pulumi home, written before the tests run. */
import { homedir } from "node:os";
import { join } from "node:path";

/** Pulumi's own, or the built-in substitute for it (docs/set-up.md). */
export type Provider = "official" | "substitute";

export const homeVariables = {
	official: "TEST_PULUMI_HOME_OFFICIAL",
	substitute: "TEST_PULUMI_HOME_SUBSTITUTE",
} as const;

export const defaultProvider = (): Provider =>
	process.env.TEST_KUBERNETES_PROVIDER === "substitute" ? "substitute" : "official";

/** Outside a test run, as in the benchmarks, the user's Pulumi home. */
export function pulumiHome(provider?: Provider): string {
	const home = process.env[homeVariables[provider ?? defaultProvider()]];
	if (home !== undefined) return home;
	if (provider) throw new Error(`the ${provider} Kubernetes provider isn't set up; fix: npm test`);
	return process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
}
