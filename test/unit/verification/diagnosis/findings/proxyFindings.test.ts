import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { diagnose } from "../../../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../../../verification/diagnosis/readDiagnosis.ts";
import { findingsOf, labObjects, MemorySource, type Objects, objectNamed } from "../labObjects.ts";

const worker2 = "nodeport-worker2";

describe("kube-proxy", () => {
	const proxy = `kube-proxy-${worker2}`;
	const error = 'E1129 10:00:02.000001       1 server.go:126] "Error running ProxyServer" err="unknown field"';

	it("doesn't run on a node: the finding has the last error of its log", async () => {
		const findings = await findingsOf(
			(objects) => {
				objectNamed(objects, "pods", proxy).status = {
					phase: "Running",
					conditions: [{ type: "Ready", status: "False" }],
					containerStatuses: [{ name: "main", restartCount: 4, state: { waiting: { reason: "CrashLoopBackOff" } } }],
				};
			},
			{ logs: { [worker2]: `I1129 10:00:01.000001       1 server.go:1] "start"\n${error}\n` } },
		);
		expect(findings).toMatchObject([
			{
				weight: "cause",
				finding: {
					kind: "proxyNotRunning",
					node: worker2,
					state: { reason: "CrashLoopBackOff", restarts: 4 },
					logLine: error,
				},
			},
		]);
	});

	const failure =
		'E1129 10:00:02.000001       1 proxier.go:1577] "Failed to execute iptables-restore" err="exit status 2"';

	it.each([
		["fails to write its rules", `${failure}\n`, ["proxyFailing"]],
		[
			"failed once and then wrote them",
			`${failure}\nI1129 10:00:32.000001       1 proxier.go:822] "SyncProxyRules complete" elapsed="30ms"\n`,
			[],
		],
		["logs nothing", "", []],
	])("%s", async (_, log, kinds) => {
		const findings = await findingsOf(() => {}, { logs: { [worker2]: log } });
		expect(findings.map(({ finding }) => finding.kind)).toEqual(kinds);
		// The node's rules serve the Service: the failure was somebody else's, or is over.
		expect(findings.every(({ weight }) => weight === "note")).toBe(true);
	});

	it.each(["eks.amazonaws.com/compute-type=fargate", "type=virtual-kubelet"])(
		"isn't expected on a node with the label %s",
		async (label) => {
			const [key = "", value] = label.split("=");
			const findings = await findingsOf((objects) => {
				objects.pods = objects.pods.filter((pod) => pod !== objectNamed(objects, "pods", proxy));
				const { metadata } = objectNamed<{ metadata: { labels: object } }>(objects, "nodes", worker2);
				metadata.labels = { ...metadata.labels, [key]: value };
			});
			expect(findings).toEqual([]);
		},
	);

	it("isn't a pod that only has a similar name", async () => {
		const findings = await findingsOf((objects) => {
			const pod = objectNamed(objects, "pods", proxy);
			Object.assign(pod.metadata, { name: "kube-proxy-exporter-x", labels: {} });
		});
		expect(findings).toMatchObject([{ finding: { kind: "proxyMissing", nodes: [worker2] } }]);
	});

	it("doesn't serve a Service whose label names another program", async () => {
		const objects = labObjects();
		const { metadata } = objectNamed(objects, "services", "nodeport-service");
		metadata.labels = { "service.kubernetes.io/service-proxy-name": "mesh" };
		const input = await readDiagnosis(new MemorySource(objects), { namespace: "default", name: "nodeport-service" });
		const { findings, predictions } = diagnose(input);
		expect(predictions).toEqual([]);
		expect(findings).toMatchObject([
			{ weight: "note", finding: { kind: "otherProxy", agents: ["mesh"], serves: "label" } },
		]);
	});

	describe("runs next to Cilium, whose programs aren't evaluated", () => {
		const withCilium = async (replacement: string, change: (objects: Objects) => void = () => {}) => {
			const objects = labObjects();
			objects.pods.push({
				metadata: { name: "cilium-x", namespace: "kube-system", labels: { "k8s-app": "cilium" } },
				spec: { nodeName: worker2, containers: [{ name: "agent" }] },
			});
			objects.configMaps.push({
				metadata: { name: "cilium-config", namespace: "kube-system" },
				data: { "kube-proxy-replacement": replacement },
			});
			change(objects);
			const input = await readDiagnosis(new MemorySource(objects), { namespace: "default", name: "nodeport-service" });
			return diagnose(input);
		};

		it.each([
			["true", "beforeProxy"],
			["false", "podClients"],
		])("with kube-proxy-replacement %s: a note and a gap name it", async (replacement, serves) => {
			const { findings, gaps } = await withCilium(replacement);
			expect(findings).toMatchObject([{ weight: "note", finding: { kind: "otherProxy", agents: ["cilium"], serves } }]);
			expect(gaps).toContainEqual({ subject: "otherRules", cause: { kind: "ebpf", agent: "Cilium" } });
		});

		it("and a kube-proxy that isn't running is a cause only if packets meet its rules", async () => {
			const stopped = (objects: Objects) => {
				objectNamed(objects, "pods", proxy).status.conditions = [];
			};
			const weightOf = async (replacement: string) =>
				(await withCilium(replacement, stopped)).findings.find(({ finding }) => finding.kind === "proxyNotRunning")
					?.weight;
			expect([await weightOf("true"), await weightOf("false")]).toEqual(["suspect", "cause"]);
		});
	});

	it("runs in a mode without rules: the gap names it", async () => {
		const stdout = readFileSync("test/fixtures/cases/16-ipvs.txt", "utf8");
		const run = (_: string, [program]: string[]) =>
			program === "iptables-save" ? { code: 0, stdout, stderr: "" } : undefined;
		const source = new MemorySource(labObjects(), { run });
		const { gaps } = diagnose(await readDiagnosis(source, { namespace: "default", name: "nodeport-service" }));
		expect(gaps.map(({ cause }) => cause)).toContainEqual({ kind: "proxyMode", mode: "ipvs" });
	});

	it("is missing on one node only", async () => {
		const findings = await findingsOf((objects) => {
			objects.pods = objects.pods.filter((pod) => pod !== objectNamed(objects, "pods", proxy));
		});
		expect(findings).toMatchObject([{ weight: "cause", finding: { kind: "proxyMissing", nodes: [worker2] } }]);
	});

	it("is replaced by another program: a note, because its rules can't be read", async () => {
		const findings = await findingsOf((objects) => {
			const cilium = { metadata: { name: "cilium-x", namespace: "kube-system", labels: { "k8s-app": "cilium" } } };
			objects.pods = [
				...objects.pods.filter((pod) => !JSON.stringify(pod).includes('"k8s-app":"kube-proxy"')),
				{ ...cilium, spec: { nodeName: worker2, containers: [{ name: "agent" }] } },
			];
		});
		expect(findings).toMatchObject([
			{ weight: "note", finding: { kind: "otherProxy", agents: ["cilium"], serves: "instead" } },
		]);
	});

	it.each([
		[["172.18.0.8/32", "172.18.0.6/31"], [worker2]],
		[["172.18.0.0/16"], undefined],
		[["primary"], undefined],
	])("serves nodePorts on the addresses %j only", async (addresses, nodes) => {
		const findings = await findingsOf((objects) => {
			const config = objectNamed<{ data: Record<string, string> }>(objects, "configMaps", "kube-proxy");
			config.data = { "config.conf": `mode: iptables\nnodePortAddresses: ${JSON.stringify(addresses)}\n` };
		});
		expect(findings.flatMap(({ finding }) => (finding.kind === "nodePortAddresses" ? [finding.nodes] : []))).toEqual(
			nodes ? [nodes] : [],
		);
	});
});

it.each([
	["isn't YAML", "mode: [iptables\nsecret: c2VjcmV0\n", "config.conf", /^Flow sequence in block collection/],
	["has a setting of another type", "mode: 5\n", "mode", /expected string/],
])("says that kube-proxy's configuration can't be read because it %s", async (_, text, field, message) => {
	const objects = labObjects();
	objectNamed<{ data: Record<string, string> }>(objects, "configMaps", "kube-proxy").data = { "config.conf": text };
	const input = await readDiagnosis(new MemorySource(objects), { namespace: "default", name: "nodeport-service" });
	expect(input.reading.gaps).toEqual([
		{ subject: "kubeProxyConfig", cause: { kind: "invalid", field, message: expect.stringMatching(message) } },
	]);
	expect(JSON.stringify(input.reading)).not.toContain("c2VjcmV0");
});
