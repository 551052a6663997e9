import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { DnsUtils, EchoDeployment, NodePortService, UserError, Verification } from "nodeport-lab";

const settings = new pulumi.Config();
const kubeconfigPath = settings.require("kubeconfig");
const nodes = settings.getObject<string[]>("nodes") ?? [];
const replicas = 2;

/** Any cluster: it needs nothing from the lab. */
const provider = new k8s.Provider("cluster", {
	kubeconfig: pulumi.secret(textOf("kubeconfig", kubeconfigPath)),
	deleteUnreachable: true,
});
const inside = { providers: [provider] };

const namespace = new k8s.core.v1.Namespace(
	"namespace",
	{ metadata: { name: settings.require("namespace") } },
	{ provider },
).metadata.name;

const greeter = new EchoDeployment(
	"greeter",
	{ image: { reference: settings.require("echoImage") }, namespace, replicas, nodes },
	inside,
);

// Selector and target port come from the greeter; the cluster assigns the nodePort.
const front = new NodePortService("front", { echo: greeter, port: 80 }, inside);

const client = new DnsUtils(
	"client",
	{
		image: { reference: settings.require("dnsutilsImage") },
		namespace,
		...(nodes[0] !== undefined && { node: nodes[0] }),
	},
	inside,
);

/** The update fails if the Service doesn't answer on every node as expected. */
const verification = new Verification("verification", {
	kubeconfigPath,
	service: front.service,
	echo: { deployment: greeter.name, replicas, nodes },
	clients: [client.client],
	revisions: { service: front.uid, echo: greeter.generation, client: client.uid },
});

export const service = front.service;
export const pods = verification.summary.pods;
/** The outcome of each request, with the command that repeats it. */
export const connectivity = verification.summary.connectivity.apply((requests) =>
	requests.map(({ target, observed, command }) => ({ address: target.address, outcome: observed.outcome, command })),
);

function textOf(setting: string, path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		const { message } = error as Error;
		throw new UserError(
			`${setting}: got ${JSON.stringify(path)} (${message}), allowed: the path of a readable file; ` +
				`fix: pulumi config set ${setting} <path>`,
		);
	}
}
