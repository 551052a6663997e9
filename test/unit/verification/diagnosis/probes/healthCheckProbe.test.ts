import { once } from "node:events";
import { createServer } from "node:http";
import { expect, it } from "vitest";
import { findingWords } from "../../../../../report/diagnosis/findings/diagnosisFindingText.ts";
import { resultText } from "../../../../../report/diagnosis/predictionText.ts";
import { diagnose, predictHealthChecks } from "../../../../../verification/diagnosis/diagnosis.ts";
import { measureHealthChecks } from "../../../../../verification/diagnosis/probes/healthCheckProbe.ts";
import { readDiagnosis } from "../../../../../verification/diagnosis/readDiagnosis.ts";
import { diagnosisOf, prepend } from "../findings/rules/changedRules.ts";
import { labObjects, MemorySource, type Objects, objectNamed } from "../labObjects.ts";

const port = 32000;

/** trace-local has pods on nodeport-worker and nodeport-worker3. */
function behindLoadBalancer(objects: Objects): void {
	const { spec, status } = objectNamed(objects, "services", "trace-local");
	Object.assign(spec, { type: "LoadBalancer", healthCheckNodePort: port });
	Object.assign(status, { loadBalancer: { ingress: [{ hostname: "lb.example" }] } });
}

it("predicts what kube-proxy answers on each node", async () => {
	const { predictions, findings } = await diagnosisOf("trace-local", {}, behindLoadBalancer);
	const checks = predictions.filter(({ target }) => target.kind === "healthCheck");
	expect(checks.map((one) => `${one.target.node} ${resultText(one)}`)).toEqual([
		"nodeport-control-plane kube-proxy answers 503: no ready endpoint on that node",
		"nodeport-worker kube-proxy answers 200: 1 ready endpoint on that node",
		"nodeport-worker2 kube-proxy answers 503: no ready endpoint on that node",
		"nodeport-worker3 kube-proxy answers 200: 1 ready endpoint on that node",
	]);
	expect(findings.map(({ weight, finding }) => `${weight} ${finding.kind}`)).toEqual(["note localWithoutPod"]);
});

it("finds the firewall that stops a load balancer's health checks, and asks for its real address", async () => {
	const drop = prepend("filter", [`-A INPUT -p tcp -m tcp --dport ${port} -j DROP`]);
	const { findings } = await diagnosisOf("trace-local", { "nodeport-worker": drop }, behindLoadBalancer);
	expect(findings[0]).toMatchObject({
		weight: "suspect",
		finding: {
			kind: "foreignRule",
			nodes: ["nodeport-worker"],
			isExampleOnly: true,
			example: { target: { kind: "healthCheck" } },
		},
	});
	const words = findings[0] && findingWords(findings[0].finding);
	expect(words?.evidence[1]).toContain("health check of nodeport-worker 172.18.0.8:32000");
	expect(words?.advice).toMatch(/^predict for a real client with --client <address>/);
});

it("isn't predicted for a Service that doesn't keep the client's address", async () => {
	const { predictions } = await diagnosisOf("trace-local", {}, (objects) => {
		behindLoadBalancer(objects);
		objectNamed(objects, "services", "trace-local").spec.externalTrafficPolicy = "Cluster";
	});
	expect(predictions.some(({ target }) => target.kind === "healthCheck")).toBe(false);
});

it.each([
	[200, ["nodeport-worker2"]],
	[503, ["nodeport-worker"]],
])("compares an answer of %i with the prediction", async (status, unexpected) => {
	const server = createServer((_, response) => response.writeHead(status).end());
	await once(server.listen(0, "127.0.0.1"), "listening");
	const address = server.address();
	const own = typeof address === "object" && address ? address.port : 0;
	const objects = labObjects();
	behindLoadBalancer(objects);
	const input = await readDiagnosis(new MemorySource(objects), { namespace: "default", name: "trace-local" });
	const { reading, views, rules } = input;
	const requests = predictHealthChecks(reading, views, rules, undefined)
		.filter(({ prediction }) => /worker2?$/.test(prediction.target.node ?? ""))
		// As if this machine were the node.
		.map((one) => ({
			...one,
			prediction: { ...one.prediction, target: { ...one.prediction.target, address: `127.0.0.1:${own}` } },
		}));
	const probed = await measureHealthChecks("this machine", requests);
	server.close();
	expect(probed.measurements.length).toBe(2);
	expect(probed.findings.flatMap(({ finding }) => (finding.kind === "probe" ? finding.target.node : []))).toEqual(
		unexpected,
	);
	const [first] = diagnose({ ...input, probed }).findings;
	expect(first && findingWords(first.finding).title).toMatch(
		status === 200 ? /measured ok, predicted status 503$/ : /measured http, predicted status 200$/,
	);
});
