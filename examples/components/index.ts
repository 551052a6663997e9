import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { EchoDeployment, NodePortService } from "nodeport-lab";

const settings = new pulumi.Config();

/** The cluster's own, of any kind: it needs nothing of the lab's. */
const provider = new k8s.Provider("cluster", {
	kubeconfig: pulumi.secret(textOf("kubeconfig", settings.require("kubeconfig"))),
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
	{
		image: { reference: settings.require("echoImage") },
		namespace,
		replicas: 2,
		nodes: settings.getObject<string[]>("nodes") ?? [],
	},
	inside,
);

// Selector and ports are the greeter's, and the cluster chooses the nodePort.
const front = new NodePortService("front", { echo: greeter, port: 80, externalTrafficPolicy: "Cluster" }, inside);

export const service = front.service;
export const image = greeter.image;
export const replicas = greeter.replicas;

function textOf(setting: string, path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		const { message } = error as Error;
		throw new pulumi.RunError(
			`${setting}: got ${JSON.stringify(path)} (${message}), allowed: the path of a file that can be read; ` +
				`fix: pulumi config set ${setting} <path>`,
		);
	}
}
