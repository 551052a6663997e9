/** The stack's outputs as other stacks rely on them: written out here, not taken from the code. */
import { z } from "zod";

const Node = z.strictObject({
	name: z.string(),
	role: z.enum(["control-plane", "worker"]),
	ready: z.boolean(),
	internalIp: z.ipv4(),
	internalIps: z.tuple([z.ipv4()]),
	podCidr: z.cidrv4(),
	podCidrs: z.tuple([z.cidrv4()]),
	labels: z.record(z.string(), z.string()),
	kubeletVersion: z.string().regex(/^v1\.\d+\.\d+$/),
	osImage: z.string().min(1),
	kernelVersion: z.string().min(1),
	containerRuntime: z.string().regex(/^containerd:\/\/\d/),
});

const Service = z.strictObject({
	name: z.string(),
	namespace: z.string(),
	dnsName: z.string(),
	clusterIp: z.ipv4(),
	clusterIps: z.tuple([z.ipv4()]),
	ipFamilyPolicy: z.literal("SingleStack"),
	protocols: z.tuple([z.literal("tcp")]),
	port: z.int(),
	nodePort: z.int(),
	externalTrafficPolicy: z.enum(["Cluster", "Local"]),
});

/** The default lab has one address family and one protocol. */
const view = { family: z.literal("ipv4"), protocol: z.literal("tcp") };

const Outcome = z.enum(["ok", "timeout", "refused", "dns", "http", "other"]);

const Cell = z.strictObject({
	client: z.string(),
	scope: z.enum(["external", "internal"]),
	target: z.strictObject({
		kind: z.enum(["nodePort", "podIp", "clusterIp", "serviceDns"]),
		address: z.string(),
		node: z.string().optional(),
		...view,
	}),
	expected: z.strictObject({
		outcome: Outcome,
		nodes: z.array(z.string()).optional(),
		podIps: z.array(z.ipv4()).optional(),
		clientIp: z.ipv4().optional(),
	}),
	observed: z.strictObject({
		outcome: Outcome,
		body: z.string().optional(),
		node: z.string().optional(),
		podIp: z.ipv4().optional(),
		clientIp: z.ipv4().optional(),
		milliseconds: z.number().optional(),
	}),
	ok: z.boolean(),
	command: z.string(),
});

const effects = ["jump", "goto", "return", "mark", "dnat", "snat", "masquerade", "accept", "drop", "reject"] as const;

const Hop = z.strictObject({
	table: z.string(),
	chain: z.string(),
	rule: z.string(),
	effect: z.enum(effects),
	to: z.string().optional(),
	object: z.strictObject({ kind: z.string(), namespace: z.string().optional(), name: z.string() }).optional(),
	owner: z.string().optional(),
	text: z.string(),
});

const NodeRules = z.strictObject({
	node: z.string(),
	...view,
	backend: z.enum(["iptables-nft", "iptables-legacy", "nftables"]),
	rules: z.array(z.string()),
	paths: z.array(z.strictObject({ probability: z.number().min(0).max(1), hops: z.array(Hop) })),
});

export const Contract = z.strictObject({
	schema: z.literal("nodeport-lab/v1"),
	clusterName: z.string(),
	kubeconfig: z.string().regex(/^kind: Config$/m),
	nodes: z.array(Node),
	nodeIps: z.record(z.string(), z.ipv4()),
	nodePort: z.int(),
	service: Service,
	echo: z.strictObject({
		name: z.literal("app1"),
		image: z.string(),
		pods: z.array(z.strictObject({ name: z.string(), ip: z.ipv4(), ips: z.tuple([z.ipv4()]), node: z.string() })),
	}),
	verification: z.strictObject({
		ok: z.literal(true),
		checkedAt: z.iso.datetime(),
		proxyMode: z.enum(["iptables", "nftables"]),
		connectivity: z.array(Cell),
		nodes: z.array(NodeRules),
		report: z.literal("out/verification.json"),
	}),
});
