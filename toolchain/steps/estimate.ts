import { availableParallelism } from "node:os";
import { nodeStep } from "../images/imageSteps.ts";
import { whyUnreachable } from "../tools/download.ts";
import { kubectlStep, pulumiStep } from "../tools/locate.ts";
import type { Step } from "./step.ts";

/** Steps that take minutes where their host is unreachable: then they are built. Minutes on two cores. */
const builds = [
	{ step: pulumiStep, host: "https://get.pulumi.com", minutes: 4 },
	{ step: kubectlStep, host: "https://dl.k8s.io", minutes: 1 },
	{ step: nodeStep, host: "https://registry-1.docker.io", minutes: 5 },
];

/** How many minutes it takes to get what is missing. */
export async function estimateMinutes(missing: Step[], cores = availableParallelism()): Promise<number> {
	const times = builds.map(async ({ step, host, minutes }) =>
		missing.includes(step) && (await whyUnreachable(host)) !== undefined ? minutes : 0,
	);
	const building = (await Promise.all(times)).reduce((sum, time) => sum + time, 0);
	// The rest, such as packages and downloads, takes about two minutes on any machine.
	return Math.ceil((building * 2) / cores) + (missing.length > 2 ? 2 : 1);
}
