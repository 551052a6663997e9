/** docs/rbac.yaml on a real cluster: `npm start` names each missing right at once, and none of the rights is unnecessary. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { missingRights } from "../../kubernetes/existing/rights.ts";
import { loadAccess } from "../../kubernetes/kubeAccess.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import { Lab } from "./support/lab.ts";
import { type AuditEvent, PlainCluster } from "./support/plainCluster.ts";

interface Rule {
	apiGroups: string[];
	resources: string[];
	verbs: string[];
}

const namespace = "nodeport-lab";
const { rules } = parse(await readFile("docs/rbac.yaml", "utf8")) as { rules: Rule[] };

let folder: string;
let cluster: PlainCluster;
let lab: Lab;
let access: { kubeconfig: string; context: string };

/** Grants these rules, and waits until the API server applies them. */
async function grant(rules: Rule[], isApplied: (missing: string[]) => boolean): Promise<string[]> {
	const patch = JSON.stringify([{ op: "replace", path: "/rules", value: rules }]);
	await cluster.kubectl("patch", "clusterrole", "nodeport-lab", "--type=json", "--patch", patch);
	return vi.waitFor(async () => {
		const missing = await missingRights(loadAccess(access), namespace);
		expect(missing).toSatisfy(isApplied);
		return missing;
	}, 60_000);
}

const isNothing = (missing: string[]) => missing.length === 0;

const without = (index: number, verb: string): Rule[] =>
	rules
		.map((rule, i) => (i === index ? { ...rule, verbs: rule.verbs.filter((other) => other !== verb) } : rule))
		.filter(({ verbs }) => verbs.length > 0);

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "nodeport-lab-rights-"));
	lab = await Lab.create();
	cluster = await PlainCluster.create(folder, "iptables", { workers: 1, auditLog: true });
	access = { kubeconfig: await cluster.restrictedKubeconfig(), context: "restricted" };
	const settings = { cluster: "existing", ...access, nodePort: "30078", connectivity: "full" };
	await lab.stack.removeConfig("clusterName");
	await lab.stack.setAllConfig(Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, { value }])));
});

afterAll(async () => {
	await lab?.remove().finally(async () => {
		await cluster?.delete();
		await rm(folder, { recursive: true });
	});
});

describe("without one of the rights", () => {
	const rights = rules.flatMap(({ resources, verbs }, index) => verbs.map((verb) => ({ verb, resources, index })));

	it.each(rights)("$verb $resources, `npm start` stops at once and names it", async ({ verb, resources, index }) => {
		const isNamed = (missing: string[]) =>
			resources.every((resource) => new RegExp(`^${verb} ${resource}\\b`, "m").test(missing.join("\n")));
		const missing = await grant(without(index, verb), isNamed);
		const started = Date.now();
		const { all, exitCode } = await lab.run("cli/start.ts");
		expect(exitCode, all).toBe(1);
		for (const line of missing) expect(all).toContain(`  ${line}\n`);
		expect(all).toContain("kubectl apply -f docs/rbac.yaml");
		expect(Date.now() - started).toBeLessThan(30_000);
	});

	it("nothing was created by then", async () => {
		await grant(rules, isNothing);
		expect(await cluster.kubectl("get", "namespace", namespace, "--ignore-not-found")).toBe("");
	});
});

describe("with all of them", () => {
	const run = async (script: string, code: number) => {
		const { all, exitCode } = await lab.run(script);
		expect(exitCode, all).toBe(code);
	};

	/** Requests from before, some of them without a right. */
	let earlier = 0;

	it("the lab starts, changes, reports a failure with its evidence, and is destroyed", async () => {
		earlier = (await cluster.audited()).length;
		await run("cli/start.ts", 0);
		await lab.stack.setConfig("replicas", { value: "2" });
		await run("cli/start.ts", 0);
		await cluster.kubectl("scale", "deployment/app1", "--namespace", namespace, "--replicas=0");
		await run("cli/verify.ts", 1);
		await run("cli/destroy.ts", 0);
	});

	it("no request was denied, and each right was used", async () => {
		const requests = (await cluster.audited()).slice(earlier);
		const events = requests.filter(({ objectRef }) => objectRef && !isReview(objectRef));
		const denied = events.filter(({ responseStatus }) => responseStatus?.code === 403);
		expect(denied.flatMap(rightsOf)).toEqual([]);
		const used = new Set(events.flatMap(rightsOf));
		const granted = rules.flatMap(({ resources, verbs }) =>
			resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
		);
		// The built-in substitute for the provider neither lists nor watches what it waits for.
		const isOfficial = events.some(({ userAgent }) => userAgent.startsWith("pulumi-kubernetes/"));
		const observing = /^(list|watch) /;
		const unused = granted.filter((right) => !used.has(right));
		expect(unused.filter((right) => isOfficial || !observing.test(right))).toEqual([]);
		expect([...used].filter((right) => !granted.includes(right))).toEqual([]);
	});

	it.each(["create", "get"])("a program in a pod also needs the right to %s pods/exec", async (verb) => {
		const isExec = ({ resources }: Rule) => resources.includes("pods/exec");
		const proxy = [...(await new Cluster({ kubeconfig: cluster.kubeconfig }).kubeProxies()).values()][0];
		const runTrue = () => new Cluster(access).run(proxy ?? expect.fail("no kube-proxy pod"), ["true"], 20);
		expect(await runTrue()).toMatchObject({ code: 0 });
		await grant(without(rules.findIndex(isExec), verb), (missing) => missing.length > 0);
		expect(await runTrue()).toMatchObject({ code: -1 });
		await grant(rules, isNothing);
	});
});

const isReview = ({ resource }: { resource: string }) => resource === "selfsubjectaccessreviews";

/** "get pods/exec". A server-side apply that creates its object (201) needs both rights: patch and create. */
function rightsOf({ verb, objectRef, responseStatus }: AuditEvent): string[] {
	const { resource = "", subresource } = objectRef ?? {};
	const verbs = verb === "patch" && responseStatus?.code === 201 ? ["patch", "create"] : [verb];
	// The API server requires both for a program in a pod: the next test shows it.
	const all = subresource === "exec" ? ["get", "create"] : verbs;
	return all.map((verb) => `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`);
}
