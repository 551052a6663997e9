import { expect, it } from "vitest";
import { captureVersions, moduleFor, versionsOf } from "../../capture/kubeProxyBuild.ts";

it.each([
	["nothing", [], captureVersions],
	["minor versions", ["1.34", "1.36"], ["1.34.4", "1.36.3"]],
	["an exact version that is known", ["1.35.4"], ["1.35.4"]],
	["an exact version that isn't known yet", ["1.38.0"], ["1.38.0"]],
])("captures the versions that are asked for by %s", (_, wanted, versions) => {
	expect(versionsOf(wanted)).toEqual(versions);
});

it.each(["1.3", "v1.36.3", "latest", "1.33"])("refuses %s before it builds anything", (version) => {
	expect(() => versionsOf(["1.36", version])).toThrow(`version: got "${version}", allowed: 1.34.4, `);
});

it("builds Kubernetes' libraries of the same release, and everything else as Kubernetes requires it", () => {
	const goMod = `module k8s.io/kubernetes

go 1.25.0

require (
	k8s.io/api v0.0.0
	k8s.io/klog/v2 v2.130.1
)

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/kube-proxy => ./staging/src/k8s.io/kube-proxy
)
`;
	expect(moduleFor("1.35.4", goMod).split("\n")).toEqual([
		"module nodeport-lab.example/kube-proxy",
		"go 1.25.0",
		"require k8s.io/kubernetes v1.35.4",
		"replace k8s.io/api => k8s.io/api v0.35.4",
		"replace k8s.io/kube-proxy => k8s.io/kube-proxy v0.35.4",
		"",
	]);
});
