import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labReference, requireLab } from "nodeport-lab/contract";
import { answersOf } from "./answers.ts";

const stack = new pulumi.Config().require("lab");
const lab = await labReference(`${pulumi.getOrganization()}/nodeport-lab/${stack}`);

/** The called URLs, by node name. */
export const urls = pulumi
	.all([requireLab(lab, "nodeIps"), requireLab(lab, "nodePort")])
	.apply(([ips, port]) =>
		Object.fromEntries(Object.entries(ips).map(([node, ip]) => [node, `http://${ip}:${port}/host`])),
	);

const echo = requireLab(lab, "echo");
const kubeconfig = requireLab(lab, "kubeconfig");
const provider = new k8s.Provider("lab", {
	kubeconfig,
	// If the lab was destroyed first, the Job is gone with it, and this stack can still be destroyed.
	deleteUnreachable: true,
});

const job = new k8s.batch.v1.Job(
	"calls",
	{
		metadata: { name: "calls", namespace: requireLab(lab, "service").namespace },
		spec: {
			backoffLimit: 1,
			activeDeadlineSeconds: 60,
			template: {
				spec: {
					restartPolicy: "Never",
					// Only the echo's nodes have its image, which also contains a client.
					nodeSelector: echo.pods.apply(([pod]) => ({ "kubernetes.io/hostname": pod?.node ?? "" })),
					automountServiceAccountToken: false,
					securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
					// One per node, with its name: the Job is complete once all have an answer.
					containers: urls.apply((urls) => Object.entries(urls).map(([node, url]) => caller(node, url))),
				},
			},
		},
	},
	{ provider, customTimeouts: { create: "2m" } },
);

function caller(name: string, url: string): k8s.types.input.core.v1.Container {
	return {
		name,
		image: echo.image,
		imagePullPolicy: "IfNotPresent",
		command: ["/usr/local/bin/echo", "get", "--timeout", "3s", url],
		resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
		securityContext: {
			allowPrivilegeEscalation: false,
			readOnlyRootFilesystem: true,
			capabilities: { drop: ["ALL"] },
		},
	};
}

/** Whether all calls succeeded, and when. */
export const calls = job.status.apply(({ succeeded, startTime, completionTime }) => ({
	complete: succeeded === 1,
	startTime,
	completionTime,
}));

/** The answer to each node's call. Not secret, although the secret kubeconfig is needed to read it. */
export const answers = pulumi.unsecret(
	pulumi
		.all([kubeconfig, job.metadata, calls])
		.apply(([kubeconfig, { namespace, name }]) => answersOf(kubeconfig, { namespace, name })),
);
