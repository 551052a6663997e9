import type * as pulumi from "@pulumi/pulumi";
import type { LabConfig } from "../../config/labConfig.ts";
import type { Client, ClientGroup } from "../../kubernetes/clients.ts";
import type { EchoDeployment } from "../echoDeployment.ts";
import { NodeProbe } from "../nodeProbe.ts";
import { OutsideClient } from "../outsideClient.ts";
import type { LabSite } from "./labSite.ts";

interface MatrixParts {
	site: LabSite;
	echo: EchoDeployment;
	namespace: pulumi.Input<string>;
}

interface MatrixClients {
	/** Clients in addition to dnsutils. */
	clients: pulumi.Input<Client | ClientGroup>[];
	/** A pod on every checked node, in which rules are read; with connectivity "base" only if that is needed. */
	probe?: NodeProbe;
}

/** Whether NodeProbe runs: for requests and traces, or because a node runs no kube-proxy pod to read rules in. */
export const needsProbe = ({ connectivity }: LabConfig, { existing }: LabSite): boolean =>
	connectivity === "full" || existing?.lacksProxy === true;

/** With connectivity "full", the echo's pods, every node and a client outside the cluster send requests too. */
export function matrixClients(config: LabConfig, { site, echo, namespace }: MatrixParts): MatrixClients {
	const { cluster, existing } = site;
	const isFull = config.connectivity === "full";
	if (!needsProbe(config, site)) return { clients: [] };
	const image = site.image("probe-image", config.dnsutilsImage, []);
	const nodes = existing?.sample && { nodes: existing.sample.nodes };
	const probe = new NodeProbe("node-probe", { image, namespace, ...nodes }, cluster.inside);
	if (!isFull) return { clients: [], probe };
	const deletedWith = cluster.inside.deletedWith && { deletedWith: cluster.inside.deletedWith };
	// Next to an existing cluster's nodes the lab can't start a container.
	const outside = existing
		? []
		: [new OutsideClient("outside-client", { cluster, image: config.dnsutilsImage }, deletedWith).client];
	return { clients: [echo.clients, probe.clients, ...outside], probe };
}
