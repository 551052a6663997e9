/** Objects of Services that are broken in one way each, in a namespace of their own, and a healthy one next to them. */

export const namespace = "broken";

/** Each Service has its own nodePort, below those that Kubernetes assigns. */
export const nodePorts = {
	healthy: 30060,
	selector: 30061,
	unready: 30062,
	named: 30063,
	number: 30064,
	local: 30065,
	ports: 30066,
	slice: 30067,
	image: 30068,
	balancer: 30069,
	datagrams: 30070,
};

const metadata = (name: string) => ({ name, namespace });

/** What the echo needs to start. */
const env = [
	{ name: "PORT", value: "8080" },
	{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
	{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
];

const echo = (image: string, port: object) => ({
	name: "echo",
	image,
	imagePullPolicy: "Never",
	env,
	ports: [{ containerPort: 8080, ...port }],
});

/** @param node the only node that its pod may run on */
const deployment = (name: string, image: string, node: string, container: object = {}) => ({
	apiVersion: "apps/v1",
	kind: "Deployment",
	metadata: metadata(name),
	spec: {
		selector: { matchLabels: { app: name } },
		template: {
			metadata: { labels: { app: name } },
			spec: {
				nodeSelector: { "kubernetes.io/hostname": node },
				terminationGracePeriodSeconds: 0,
				containers: [{ ...echo(image, { name: "http" }), ...container }],
			},
		},
	},
});

const service = (name: keyof typeof nodePorts, app: string, port: object = {}, spec: object = {}) => ({
	apiVersion: "v1",
	kind: "Service",
	metadata: metadata(name),
	spec: {
		type: "NodePort",
		selector: { app },
		ports: [{ name: "http", port: 80, targetPort: 8080, nodePort: nodePorts[name], ...port }],
		...spec,
	},
});

/** As somebody writes it for a Service without a selector. @param port its name */
const endpointSlice = (name: string, port: string) => ({
	apiVersion: "discovery.k8s.io/v1",
	kind: "EndpointSlice",
	metadata: { ...metadata(`${name}-by-hand`), labels: { "kubernetes.io/service-name": name } },
	addressType: "IPv4",
	// An address for documentation (RFC 5737): nothing has it.
	endpoints: [{ addresses: ["192.0.2.10"] }],
	ports: [{ name: port, port: 8080, protocol: "TCP" }],
});

export const brokenObjects = (image: string, node: string) => ({
	apiVersion: "v1",
	kind: "List",
	items: [
		{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
		deployment("web", image, node),
		deployment("slow", image, node, { readinessProbe: { httpGet: { path: "/", port: 9 }, periodSeconds: 1 } }),
		service("healthy", "web"),
		service("selector", "wbe"),
		service("unready", "slow"),
		service("named", "web", { targetPort: "htpp" }),
		service("number", "web", { targetPort: 9090 }),
		service("local", "web", {}, { externalTrafficPolicy: "Local" }),
		service(
			"ports",
			"web",
			{},
			{
				ports: [
					{ name: "http", port: 80, targetPort: 8080, nodePort: nodePorts.ports },
					{ name: "metrics", port: 90, targetPort: "metrics" },
				],
			},
		),
		service("slice", "", {}, { selector: undefined }),
		endpointSlice("slice", "web"),
		deployment("gone", image, node, { image: "nodeport-lab.invalid/gone:1" }),
		service("image", "gone"),
		service("balancer", "web", {}, { type: "LoadBalancer" }),
		service("datagrams", "web", { protocol: "UDP" }),
	],
});

/** A pod that takes the nodePort of the healthy Service on its node. */
export const hostPortPod = (image: string, node: string) => ({
	apiVersion: "v1",
	kind: "Pod",
	metadata: metadata("edge"),
	spec: {
		nodeName: node,
		terminationGracePeriodSeconds: 0,
		containers: [echo(image, { hostPort: nodePorts.healthy })],
	},
});
