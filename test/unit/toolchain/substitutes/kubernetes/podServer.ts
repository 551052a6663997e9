/** A small API server for each test, the built-in substitute's client of it, and a pod. */
import { afterEach, beforeEach } from "vitest";
import { Cluster, type ObjectRef } from "../../../../../toolchain/substitutes/kubernetes/cluster.ts";
import { type Kind, kinds } from "../../../../../toolchain/substitutes/kubernetes/kinds.ts";
import { loadKubeConfig } from "../../../../../toolchain/substitutes/kubernetes/providerSettings.ts";
import type { Properties } from "../../../../../toolchain/substitutes/protocol/properties.ts";
import { ApiServer } from "../../../apiServer.ts";

export const kind = (type: string) => kinds.get(`kubernetes:${type}`) as Kind;
export const pod: ObjectRef = { kind: kind("core/v1:Pod"), namespace: "lab", name: "p" };
export const podPath = "/api/v1/namespaces/lab/pods/p";
export const manifest: Properties = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "lab" } };

export let server: ApiServer;
export let cluster: Cluster;
beforeEach(async () => {
	server = new ApiServer();
	cluster = new Cluster(loadKubeConfig({ kubeconfig: await server.start() }));
});
afterEach(() => server.stop());
