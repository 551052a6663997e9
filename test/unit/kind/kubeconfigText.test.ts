import { expect, it } from "vitest";
import { parse } from "yaml";
import { credentialsIn, internalKubeconfig } from "../../../kind/kubeconfigText.ts";
import { kubeconfig } from "../components/recorder.ts";

it("differs inside kind's network only in the server", () => {
	const { clusters, ...rest } = parse(internalKubeconfig(kubeconfig, "c-external-load-balancer"));
	const { clusters: before, ...same } = parse(kubeconfig);
	expect(clusters[0].cluster).toEqual({
		...before[0].cluster,
		server: "https://c-external-load-balancer:6443",
	});
	expect(rest).toEqual(same);
});

it("contains the certificates", () => {
	expect(credentialsIn(kubeconfig)).toEqual({
		endpoint: "https://127.0.0.1:40001",
		clusterCaCertificate: "authority",
		clientCertificate: "certificate",
		clientKey: "key",
	});
});

it("without a cluster is an error", () => {
	expect(() => credentialsIn("kind: Config")).toThrow();
});
