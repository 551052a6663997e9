import { expect, test, vi } from "vitest";
import { echoStep, nodeStep } from "../../../../toolchain/images/imageSteps.ts";
import { estimateMinutes } from "../../../../toolchain/steps/estimate.ts";
import { kubectlStep, pulumiStep } from "../../../../toolchain/tools/locate.ts";

const { unreachable } = vi.hoisted(() => ({ unreachable: new Set<string>() }));

vi.mock(import("../../../../toolchain/tools/download.ts"), async (original) => ({
	...(await original()),
	whyUnreachable: async (url: string) => (unreachable.has(new URL(url).hostname) ? "no answer" : undefined),
}));

test("the estimate is dominated by builds, and lower with more cores", async () => {
	for (const host of ["get.pulumi.com", "dl.k8s.io", "registry-1.docker.io"]) unreachable.add(host);
	const all = [pulumiStep, kubectlStep, echoStep, nodeStep];
	const twoCores = await estimateMinutes(all, 2);
	expect(twoCores).toBeGreaterThan(await estimateMinutes(all, 8));
	expect(twoCores).toBeGreaterThan(await estimateMinutes([echoStep, nodeStep], 2));
	unreachable.clear();
	expect(await estimateMinutes(all, 2)).toBe(2);
	expect(await estimateMinutes([echoStep], 2)).toBe(1);
});
