import { labCluster } from "./cluster/owner.ts";
import { ClusterImage } from "./components/clusterImage.ts";
import { DnsUtils } from "./components/dnsUtils.ts";
import { EchoDeployment } from "./components/echoDeployment.ts";
import { KindCluster } from "./components/kindCluster.ts";
import { labNamespace } from "./components/labNamespace.ts";
import { labOutputs } from "./components/labOutputs.ts";
import { matrixClients } from "./components/matrixClients.ts";
import { NodePortService } from "./components/nodePortService.ts";
import { readLabConfig } from "./components/stackConfig.ts";
import { Verification } from "./components/verification.ts";

const config = readLabConfig();
const { replicas, externalTrafficPolicy, sessionAffinity, echoNodes, clientNode, connectivity } = config;

const cluster = new KindCluster(labCluster, {
	name: config.clusterName,
	workers: config.workers,
	nodeImage: config.nodeImage,
	kubeProxyMode: config.kubeProxyMode,
	...(config.hostPort && { publish: { hostPort: config.hostPort, nodePort: config.nodePort } }),
});
const namespace = labNamespace(config.namespace, cluster.inside);

const echoImage = new ClusterImage("echo-image", { cluster, image: config.echoImage, nodes: echoNodes });
const app1 = new EchoDeployment("app1", { image: echoImage, namespace, replicas, nodes: echoNodes }, cluster.inside);
const nodePortService = new NodePortService(
	"nodeport-service",
	{ echo: app1, nodePort: config.nodePort, externalTrafficPolicy, sessionAffinity },
	cluster.inside,
);

const clientImage = new ClusterImage("client-image", { cluster, image: config.dnsutilsImage, nodes: [clientNode] });
const dnsutils = new DnsUtils("dnsutils", { image: clientImage, namespace, node: clientNode }, cluster.inside);

const verified = new Verification(
	"verification",
	{
		kubeconfigPath: cluster.kubeconfigPath,
		service: nodePortService.service,
		echo: { deployment: app1.name, replicas, nodes: echoNodes },
		clients: [dnsutils.client, ...matrixClients(config, { cluster, echo: app1, namespace })],
		connectivity,
		nodeRunners: cluster.nodeRunners,
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
