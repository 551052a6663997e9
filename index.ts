import { DnsUtils } from "./components/dnsUtils.ts";
import { EchoDeployment } from "./components/echoDeployment.ts";
import { labNamespace } from "./components/lab/labNamespace.ts";
import { labOutputs } from "./components/lab/labOutputs.ts";
import { labSite } from "./components/lab/labSite.ts";
import { matrixClients, needsProbe } from "./components/lab/matrixClients.ts";
import { readLabConfig } from "./components/lab/stackConfig.ts";
import { NodePortService } from "./components/nodePortService.ts";
import { Verification } from "./components/verification.ts";
import { portProtocols, serviceFamilies } from "./config/clusterShape.ts";

const config = readLabConfig();
const { replicas, externalTrafficPolicy, sessionAffinity, connectivity } = config;

const site = await labSite(config);
const { cluster, echoNodes, clientNode, existing } = site;
const namespace = labNamespace(config.namespace, { privileged: needsProbe(config, site) }, cluster.inside);

const echoImage = site.image("echo-image", config.echoImage, echoNodes);
const app1 = new EchoDeployment("app1", { image: echoImage, namespace, replicas, nodes: echoNodes }, cluster.inside);
const nodePortService = new NodePortService(
	"nodeport-service",
	{
		echo: app1,
		nodePort: config.nodePort,
		ipFamilies: serviceFamilies(config.ipFamily),
		protocols: portProtocols(config.protocols),
		externalTrafficPolicy,
		sessionAffinity,
	},
	cluster.inside,
);

const clientImage = site.image("client-image", config.dnsutilsImage, [clientNode]);
const dnsutils = new DnsUtils("dnsutils", { image: clientImage, namespace, node: clientNode }, cluster.inside);
const { clients, probe } = matrixClients(config, { site, echo: app1, namespace });

const verified = new Verification(
	"verification",
	{
		kubeconfigPath: cluster.kubeconfigPath,
		context: cluster.context,
		service: nodePortService.service,
		echo: { deployment: app1.name, replicas, nodes: echoNodes },
		clients: [dnsutils.client, ...clients],
		connectivity,
		nodeRunners: cluster.nodeRunners,
		existing: existing && { readers: probe?.clients.each, sample: existing.sample },
		revisions: { cluster: cluster.id, service: nodePortService.uid, echo: app1.generation, dnsutils: dnsutils.uid },
	},
	cluster.inside,
);

export const { schema, clusterName, kubeconfig, nodes, nodeIps, nodePort, service, echo, verification } = labOutputs({
	cluster,
	service: nodePortService.service,
	echo: app1,
	verification: verified,
});
