import * as k8s from "@pulumi/kubernetes";
import { KindCluster, NodePortCheck } from "nodeport-lab";

const cluster = new KindCluster("broken");
const inside = { provider: cluster.provider };
const labels = { app: "web" };
const container = { name: "web", image: "nginxinc/nginx-unprivileged:1.29-alpine", ports: [{ containerPort: 8080 }] };
const template = { metadata: { labels }, spec: { containers: [container] } };

const workload = new k8s.apps.v1.Deployment("web", { spec: { selector: { matchLabels: labels }, template } }, inside);

/** Nothing listens on 8081: the Service has endpoints, and the API server finds nothing wrong with it. */
const ports = [{ port: 80, targetPort: 8081 }];
const service = new k8s.core.v1.Service("web", { spec: { type: "NodePort", selector: labels, ports } }, inside);

/** The update fails, and the error says that no container declares port 8081, and which port the pod listens on. */
const check = new NodePortCheck("web", {
	service,
	workload,
	kubeconfigPath: cluster.kubeconfigPath,
	expect: { from: ["outside", "nodes"], status: 200 },
	waitSeconds: 10,
});

export const requests = check.requests;
