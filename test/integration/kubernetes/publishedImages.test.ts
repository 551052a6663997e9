/**
 * The lab on the oldest and the newest Kubernetes that kind publishes images of for its pinned version: `npm run test:slow`.
 * It needs a registry: set-up builds only one version.
 */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { publishedNodeImage } from "../../../kind/spec/nodeImage.ts";
import { whyUnreachable } from "../../../toolchain/tools/download.ts";
import { readReport } from "../../../verification/resultFile.ts";
import { isSlowRun } from "../suites/selection.ts";
import { Lab } from "../support/lab.ts";

/** From the release notes of kind 0.33. */
const oldest = "kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d";

const unreachable = isSlowRun ? await whyUnreachable("https://registry-1.docker.io") : "it isn't slow";

describe.runIf(unreachable === undefined)("a lab on published node images", () => {
	let lab: Lab;

	beforeAll(async () => {
		lab = await Lab.create();
		await lab.stack.setConfig("workers", { value: "1" });
		return () => lab.remove();
	});

	it.each([oldest, publishedNodeImage])("is verified on %s, in both proxy modes", async (nodeImage) => {
		await lab.stack.setConfig("nodeImage", { value: nodeImage });
		for (const kubeProxyMode of ["iptables", "nftables"]) {
			await lab.stack.setConfig("kubeProxyMode", { value: kubeProxyMode });
			await lab.up();
			const report = await readReport(join(lab.folder, "out/verification.json"));
			expect(report).toMatchObject({ ok: true, proxyMode: kubeProxyMode });
			const version = /:(v[\d.]+)@/.exec(nodeImage)?.[1];
			expect(report?.nodes.map(({ kubeletVersion }) => kubeletVersion)).toEqual([version, version]);
		}
	});
});
