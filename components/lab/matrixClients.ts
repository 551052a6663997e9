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
	/** Who asks beside dnsutils. */
	clients: pulumi.Input<Client | ClientGroup>[];
	/** A pod on every node that the lab looks at, to read rules in; with connectivity "base" only where that is needed. */
	probe?: NodeProbe;
}

/** Whether pods of NodeProbe run: to ask and trace, or as rules can be read in no other. */
export const needsProbe = ({ connectivity }: LabConfig, { existing }: LabSite): boolean =>
	connectivity === "full" || existing?.lacksProxy === true;

/** With connectivity "full" the echo's own pods, every node, and a client outside ask too. */
export function matrixClients(config: LabConfig, { site, echo, namespace }: MatrixParts): MatrixClients {
	const { cluster, existing } = site;
	const isFull = config.connectivity === "full";
	if (!needsProbe(config, site)) return { clients: [] };
	const image = site.image("probe-image", config.dnsutilsImage, []);
	const nodes = existing?.sample && { nodes: existing.sample.nodes };
	const probe = new NodeProbe("node-probe", { image, namespace, ...nodes }, cluster.inside);
	if (!isFull) return { clients: [], probe };
	// Beside nodes that are somebody else's the lab has no place to ask from.
	const outside = existing
		? []
		: [new OutsideClient("outside-client", { cluster, image: config.dnsutilsImage }).client];
	return { clients: [echo.clients, probe.clients, ...outside], probe };
}
