/** `nodeport-lab diagnose` on a running lab: Services that are broken in different ways, and a healthy one next to them. */
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Diagnosis } from "../../verification/diagnosis/diagnosis.ts";
import { brokenObjects, hostPortPod, namespace, nodePorts } from "./suites/brokenServices.ts";
import { flushedChain } from "./suites/scriptedLearner.ts";
import { clusterName, Lab } from "./support/lab.ts";

const [worker, worker2] = [`${clusterName}-worker`, `${clusterName}-worker2`];
const program = "cli/tool/nodeportLab.ts";

interface KubernetesObject {
	kind: string;
	metadata: { resourceVersion: string; managedFields?: { manager: string }[] };
	status?: unknown;
}

let lab: Lab;
let image: string;

const access = () => ["--kubeconfig", lab.kubeconfig()];
const apply = (objects: object) =>
	execa("kubectl", [...access(), "apply", "--filename=-"], { input: JSON.stringify(objects) });
const onNode = (node: string, command: string) => execa("docker", ["exec", node, "sh", "-c", command]);

async function diagnose(service: string, ...options: string[]): Promise<Diagnosis> {
	const { exitCode, stdout, all } = await lab.run(program, "diagnose", service, "--json", ...options, ...access());
	expect([0, 1], all).toContain(exitCode);
	const diagnosis = JSON.parse(stdout) as Diagnosis;
	expect(exitCode).toBe(diagnosis.verdict === "healthy" ? 0 : 1);
	return diagnosis;
}

const own = (name: keyof typeof nodePorts) => diagnose(`${namespace}/${name}`);
const found = ({ findings }: Diagnosis) => findings.map(({ weight, finding }) => `${weight} ${finding.kind}`);

/** Diagnoses until the cluster has followed a change, at most a minute. */
async function eventually(name: keyof typeof nodePorts, holds: (diagnosis: Diagnosis) => boolean): Promise<Diagnosis> {
	const deadline = Date.now() + 60_000;
	for (;;) {
		const diagnosis = await own(name);
		if (holds(diagnosis) || Date.now() > deadline) return diagnosis;
		await new Promise((resolve) => setTimeout(resolve, 1000));
	}
}

beforeAll(async () => {
	lab = await Lab.create();
	await lab.stack.setConfig("workers", { value: "2" });
});
afterAll(() => lab.remove());

describe.each(["iptables", "nftables"])("kubeProxyMode %s", (kubeProxyMode) => {
	beforeAll(async () => {
		await lab.stack.setConfig("kubeProxyMode", { value: kubeProxyMode });
		await lab.up();
		image = await lab.kubectl("get", "deployment/app1", "--output=jsonpath={.spec.template.spec.containers[0].image}");
		await apply(brokenObjects(image, worker));
		await lab.kubectl("rollout", "status", "deployment/web", `--namespace=${namespace}`, "--timeout=120s");
		await eventually("healthy", ({ verdict }) => verdict === "healthy");
		return async () => {
			await lab.kubectl("delete", "namespace", namespace, "--wait");
		};
	});

	it.each(["default/nodeport-service", `${namespace}/healthy`])("finds nothing wrong with %s", async (service) => {
		const { findings, gaps } = await diagnose(service);
		expect({ findings, gaps }).toEqual({ findings: [], gaps: [] });
	});

	it.each([
		["selector", "cause selectorMatchesNothing"],
		["unready", "cause noReadyEndpoint"],
		["named", "cause targetPort"],
		["number", "suspect targetPort"],
		["local", "cause localWithoutPod"],
		["ports", "cause targetPort"],
		["slice", "cause slicePort"],
		["image", "cause noReadyEndpoint"],
		["balancer", "suspect loadBalancerPending"],
		["datagrams", "suspect targetPort"],
	] as const)("names the cause first: %s", async (name, finding) => {
		expect(found(await own(name))[0]).toBe(finding);
	});

	it("predicts what requests from this machine and from a pod then measure", async () => {
		for (const service of ["default/nodeport-service", `${namespace}/local`, `${namespace}/selector`]) {
			const { measurements = [], findings } = await diagnose(service, "--probe", "--from", "pod/default/dnsutils");
			expect(measurements.length).toBeGreaterThan(5);
			const unexpected = measurements.filter(({ predicted, observed }) => !predicted.some((one) => one === observed));
			expect(unexpected, service).toEqual([]);
			expect(findings.filter(({ finding }) => finding.kind === "probe")).toEqual([]);
		}
	});

	it("measures that no server answers UDP packets", async () => {
		const { measurements = [] } = await diagnose(`${namespace}/datagrams`, "--probe");
		expect(measurements.length).toBeGreaterThan(0);
		const ends = new Set(measurements.map(({ observed }) => observed));
		expect([...ends].filter((observed) => !["refused", "silent"].includes(observed))).toEqual([]);
	});

	it.each<[string, string, string, string]>([
		[
			"a rule of iptables drops",
			`iptables -w -t mangle -I PREROUTING -p tcp --dport ${nodePorts.healthy} -j DROP`,
			`iptables -w -t mangle -D PREROUTING -p tcp --dport ${nodePorts.healthy} -j DROP`,
			"cause foreignRule",
		],
		[
			"a rule of nft drops",
			`nft 'add table ip firewall; add chain ip firewall in { type filter hook prerouting priority -200; }; add rule ip firewall in tcp dport ${nodePorts.healthy} drop'`,
			"nft delete table ip firewall",
			"cause foreignRule",
		],
		[
			"the kernel doesn't forward",
			"sysctl -w net.ipv4.ip_forward=0",
			"sysctl -w net.ipv4.ip_forward=1",
			"cause sysctl",
		],
	])("names the node and the rule: %s", async (_, break_, fix, expected) => {
		await onNode(worker2, break_);
		try {
			const diagnosis = await own("healthy");
			expect(found(diagnosis)[0]).toBe(expected);
			const [first] = diagnosis.findings;
			expect(first && "nodes" in first.finding && first.finding.nodes).toEqual([worker2]);
		} finally {
			await onNode(worker2, fix);
		}
		expect(found(await own("healthy"))).toEqual([]);
	});

	it("names the node on which no kube-proxy runs", async () => {
		const patch = (operator: string) =>
			JSON.stringify({
				spec: {
					template: {
						spec: {
							affinity: {
								nodeAffinity: {
									requiredDuringSchedulingIgnoredDuringExecution: {
										nodeSelectorTerms: [
											{ matchExpressions: [{ key: "kubernetes.io/hostname", operator, values: [worker2] }] },
										],
									},
								},
							},
						},
					},
				},
			});
		const daemonSet = ["daemonset/kube-proxy", "--namespace=kube-system"];
		await lab.kubectl("patch", ...daemonSet, `--patch=${patch("NotIn")}`);
		try {
			const diagnosis = await eventually("healthy", (one) => found(one).includes("cause proxyMissing"));
			const nodes = diagnosis.findings.flatMap(({ finding }) => (finding.kind === "proxyMissing" ? finding.nodes : []));
			expect(nodes).toEqual([worker2]);
		} finally {
			await lab.kubectl(
				"patch",
				...daemonSet,
				"--type=json",
				'--patch=[{"op":"remove","path":"/spec/template/spec/affinity"}]',
			);
			await lab.kubectl("rollout", "status", ...daemonSet, "--timeout=120s");
		}
		expect(found(await eventually("healthy", ({ verdict }) => verdict === "healthy"))).toEqual([]);
	});

	it("names the pod that uses the nodePort as its hostPort", async () => {
		await apply(hostPortPod(image, worker2));
		const pod = ["pod/edge", `--namespace=${namespace}`];
		try {
			const diagnosis = await eventually("healthy", ({ verdict }) => verdict !== "healthy");
			expect(diagnosis.findings.map(({ finding }) => finding.kind)).toContain("hostPort");
		} finally {
			await lab.kubectl("delete", ...pod, "--wait");
		}
		expect(found(await eventually("healthy", ({ verdict }) => verdict === "healthy"))).toEqual([]);
	});

	flushedChain(() => lab);

	it("gives the same answer from a bundle, without the cluster", async () => {
		const bundle = join(lab.folder, `bundle-${kubeProxyMode}.tar.gz`);
		const collected = await lab.run(program, "collect", "--namespace", namespace, "--output", bundle, ...access());
		expect(collected.exitCode, collected.all).toBe(0);
		for (const name of Object.keys(nodePorts)) {
			const service = `${namespace}/${name}`;
			const live = await lab.run(program, "diagnose", service, "--json", ...access());
			const fromBundle = await lab.run(program, "diagnose", service, "--json", "--bundle", bundle);
			expect(fromBundle.stdout).toBe(live.stdout);
		}
	});

	it("creates and changes nothing", async () => {
		const kinds =
			"services,pods,endpointslices,deployments,daemonsets,configmaps,networkpolicies,clusterroles,namespaces";
		/** Of a pod, without what its kubelet writes: it may report a change only now. */
		const objects = async () => {
			const query = ["get", kinds, "--all-namespaces", "--output=json", "--show-managed-fields"];
			const { items } = JSON.parse(await lab.kubectl(...query));
			return items.map(({ status, ...object }: KubernetesObject) => {
				if (object.kind !== "Pod") return { ...object, status };
				const { resourceVersion: _, managedFields, ...metadata } = object.metadata;
				return { ...object, metadata, writers: managedFields?.filter(({ manager }) => manager !== "kubelet") };
			});
		};
		const before = await objects();
		expect(before.length).toBeGreaterThan(Object.keys(nodePorts).length);
		await own("healthy");
		await own("selector");
		expect(await objects()).toEqual(before);
	});
});

it("needs no Pulumi, Docker or kubectl", async () => {
	const { stdout } = await execa(
		process.execPath,
		["lib/program.mjs", program, "diagnose", "default/nodeport-service", ...access()],
		{
			cwd: lab.folder,
			env: { PATH: "", HOME: lab.folder },
			extendEnv: false,
		},
	);
	expect(stdout).toContain("No fault found in default/nodeport-service");
});
