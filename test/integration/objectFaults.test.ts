/** What somebody may do to a running lab by its API, or inside its nodes: each time the named command brings it back. */
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import { clusterName, Lab } from "./lab.ts";
import { Recoveries } from "./recoveries.ts";

const worker = `${clusterName}-worker`;
const inSystem = "--namespace=kube-system";

const recoveries = new Recoveries();

let lab: Lab;

const kubectl = (...args: string[]) => lab.kubectl(...args);

async function echoPod(): Promise<string> {
	return kubectl("get", "pods", "--selector=app=app1", "--output=jsonpath={.items[0].metadata.name}");
}

/** A verification as the lab is, with what it said. */
async function fails(): Promise<string> {
	const { exitCode, all } = await lab.run("cli/verify.ts");
	expect(exitCode, all).toBe(1);
	return all ?? "";
}

beforeAll(async () => {
	lab = await Lab.create();
	await lab.stack.setConfig("workers", { value: "2" });
	await recoveries.start(lab, "none: the first start");
	return async () => {
		console.log(recoveries.table());
		await lab.remove();
	};
});

it("names the rules that a node lacks, and the command that has kube-proxy write them again", async () => {
	const flush = "iptables-save -t nat | sed -n 's/^:\\(KUBE-[^ ]*\\).*/\\1/p' | xargs -n1 iptables -w -t nat -F";
	await execa("docker", ["exec", worker, "sh", "-c", flush]);
	const said = await fails();
	const [, fix = ""] = new RegExp(`^failed: ${worker}: its rules lead to .*; fix: (.*)$`, "m").exec(said) ?? [];
	expect(fix, said).toMatch(/^kubectl .* delete pod -n kube-system kube-proxy-/);
	// The nodes that still have theirs are not complained of.
	expect(said.match(/^failed: .*: its rules lead to/gm)?.length).toBe(1);
	await execa("sh", ["-c", fix], { cwd: lab.folder });
	const { exitCode, all } = await lab.run("cli/verify.ts");
	expect(exitCode, all).toBe(0);
});

it("reports that no name resolves if CoreDNS is scaled to 0, and the reported command fixes it", async () => {
	await kubectl("scale", "deployment/coredns", inSystem, "--replicas=0");
	await kubectl("wait", "pods", inSystem, "--selector=k8s-app=kube-dns", "--for=delete", "--timeout=60s");
	const said = await fails();
	const [, fix = ""] =
		/failed: the DNS Service \S+ has no ready endpoint; .*fix, if it is scaled to 0: (.*)$/m.exec(said) ?? [];
	expect(fix, said).toMatch(/^kubectl .* scale deployment\/coredns --replicas=2$/);
	await execa("sh", ["-c", fix], { cwd: lab.folder });
	await recoveries.start(lab, "CoreDNS scaled to 0");
});

it.each(["service/nodeport-service", "deployment/app1", "pod/dnsutils"])(
	"makes %s again by a start, when somebody has deleted it",
	async (object) => {
		await kubectl("delete", object, "--timeout=60s");
		expect(await fails()).toContain(`default/${object.split("/")[1]} is not there; fix: npm start`);
		await recoveries.start(lab, `${object} deleted`);
	},
);

it("answers from another pod when one was evicted", async () => {
	const before = await echoPod();
	const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: before, namespace: "default" } };
	const path = `/api/v1/namespaces/default/pods/${before}/eviction`;
	const kubeconfig = `${lab.folder}/.kube/${clusterName}.yaml`;
	await execa("kubectl", ["--kubeconfig", kubeconfig, "create", "--raw", path, "--filename=-"], {
		input: JSON.stringify(eviction),
	});
	await recoveries.start(lab, "the echo's pod evicted");
	expect(await echoPod()).not.toBe(before);
});

it("makes the client anew by a start when its kubelet has ended it", async () => {
	// Ended in earnest: a kubelet takes back a status that somebody else wrote of a pod that runs.
	await kubectl("patch", "pod/dnsutils", "--type=merge", '--patch={"spec":{"activeDeadlineSeconds":1}}');
	await kubectl("wait", "pod/dnsutils", "--for=jsonpath={.status.phase}=Failed", "--timeout=60s");
	expect(await recoveries.start(lab, "dnsutils ended by its kubelet")).toContain(
		"pod/dnsutils in default has ended (Failed)",
	);
});
