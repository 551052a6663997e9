/** examples/smallest and examples/broken, run against mocks and a fake engine. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { only, type Recorded, record, settled } from "../components/recorder.ts";
import { scratchFolder } from "../fakePrograms.ts";
import { fakeEngine } from "../kind/fakeEngine.ts";

const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

scratchFolder(() => fakeEngine());

async function run(example: "smallest" | "broken"): Promise<Recorded[]> {
	const recorded = await record(`nodeport-lab-${example}`);
	const { requests } = await import(`../../../examples/${example}/index.ts`);
	await settled(requests);
	return recorded;
}

it.each([
	["smallest", 8080],
	["broken", 8081],
] as const)("examples/%s checks a Service with targetPort %i, in its own cluster", async (example, targetPort) => {
	const recorded = await run(example);
	const { spec } = only(recorded, "kubernetes:core/v1:Service").inputs;
	expect(spec).toMatchObject({ type: "NodePort", ports: [{ port: 80, targetPort }] });
	const request = JSON.parse(only(recorded, "command:local:Command", "web-run").inputs.stdin);
	expect(request).toMatchObject({
		kubeconfig: `.kube/${example}.yaml`,
		from: ["outside", "nodes"],
		status: 200,
		revisions: { spec, workload: { uid: "uid-1" } },
	});
});

it("examples/broken is examples/smallest with another port", () => {
	const lines = (example: string) => text(`examples/${example}/index.ts`).split("\n");
	const smallest = new Set(lines("smallest"));
	const own = lines("broken").filter((line) => !smallest.has(line) && !line.startsWith("/**"));
	expect(own).toEqual([
		'const cluster = new KindCluster("broken");',
		"const ports = [{ port: 80, targetPort: 8081 }];",
		"\twaitSeconds: 10,",
	]);
});

it("docs/use-in-your-stack.md starts with examples/smallest, in at most 25 lines", () => {
	const program = text("examples/smallest/index.ts");
	expect(text("docs/use-in-your-stack.md")).toContain(`\`\`\`ts\n${program}\`\`\``);
	expect(program.trimEnd().split("\n").length).toBeLessThanOrEqual(25);
});
