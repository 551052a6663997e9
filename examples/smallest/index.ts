import * as k8s from "@pulumi/kubernetes";
import { KindCluster, NodePortCheck } from "nodeport-lab";

const cluster = new KindCluster("smallest", { workers: 1 });
const inside = { provider: cluster.provider };
const labels = { app: "web" };
const container = { name: "web", image: "nginxinc/nginx-unprivileged:1.29-alpine", ports: [{ containerPort: 8080 }] };
const template = { metadata: { labels }, spec: { containers: [container] } };

const workload = new k8s.apps.v1.Deployment("web", { spec: { selector: { matchLabels: labels }, template } }, inside);

const ports = [{ port: 80, targetPort: 8080 }];
const service = new k8s.core.v1.Service("web", { spec: { type: "NodePort", selector: labels, ports } }, inside);

/** The update fails if the NodePort doesn't answer on every node, and the error says why. */
const check = new NodePortCheck("web", {
	service,
	workload,
	kubeconfigPath: cluster.kubeconfigPath,
	expect: { from: ["outside", "nodes"], status: 200 },
});

export const requests = check.requests;
