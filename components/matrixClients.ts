import type * as pulumi from "@pulumi/pulumi";
import type { Client, ClientGroup } from "../verification/request.ts";
import { ClusterImage } from "./clusterImage.ts";
import type { EchoDeployment } from "./echoDeployment.ts";
import type { KindCluster } from "./kindCluster.ts";
import type { LabConfig } from "./labConfig.ts";
import { NodeProbe } from "./nodeProbe.ts";
import { OutsideClient } from "./outsideClient.ts";

interface MatrixParts {
	cluster: KindCluster;
	echo: EchoDeployment;
	namespace: pulumi.Input<string>;
}

/** Who asks beside dnsutils: with connectivity "full" the echo's own pods, every node, and a client outside. */
export function matrixClients(
	config: LabConfig,
	{ cluster, echo, namespace }: MatrixParts,
): pulumi.Input<Client | ClientGroup>[] {
	if (config.connectivity === "base") return [];
	const image = new ClusterImage("probe-image", { cluster, image: config.dnsutilsImage, nodes: [] });
	const probe = new NodeProbe("node-probe", { image, namespace }, cluster.inside);
	const outside = new OutsideClient("outside-client", { cluster, image: config.dnsutilsImage });
	return [echo.clients, probe.clients, outside.client];
}
