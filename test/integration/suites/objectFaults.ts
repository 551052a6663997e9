/** What somebody does to a running lab through its API or inside its nodes: the command that verify names fixes it. */
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import { clusterName, type Lab } from "../support/lab.ts";
import { Recoveries } from "../support/recoveries.ts";
import { ifSlow, itIfSlow } from "./selection.ts";

const worker = `${clusterName}-worker`;
const inSystem = "--namespace=kube-system";

export const objectFaults = (lab: () => Lab) =>
	describe("a running lab", () => {
		const recoveries = new Recoveries();
		afterAll(() => console.log(recoveries.table()));

		const kubectl = (...args: string[]) => lab().kubectl(...args);

		async function echoPod(): Promise<string> {
			return kubectl("get", "pods", "--selector=app=app1", "--output=jsonpath={.items[0].metadata.name}");
		}

		/** A verification that finds the fault. @returns its output */
		async function fails(): Promise<string> {
			const { exitCode, all } = await lab().run("cli/verify.ts");
			expect(exitCode, all).toBe(1);
			return all ?? "";
		}

		it("names the node without rules, and the command that makes kube-proxy write them again", async () => {
			const flush = "iptables-save -t nat | sed -n 's/^:\\(KUBE-[^ ]*\\).*/\\1/p' | xargs -n1 iptables -w -t nat -F";
			await execa("docker", ["exec", worker, "sh", "-c", flush]);
			const printed = await fails();
			const [, fix = ""] =
				new RegExp(`^failed: ${worker}: its rules send packets to .*(?:\\n {2}.*)*?\\n {2}fix: (.*)$`, "m").exec(
					printed,
				) ?? [];
			expect(fix, printed).toMatch(/^kubectl .* delete pod -n kube-system kube-proxy-/);
			// The other nodes still have their rules.
			expect(printed.match(/^failed: .*: its rules send packets to/gm)?.length).toBe(1);
			await execa("sh", ["-c", fix], { cwd: lab().folder });
			const { exitCode, all } = await lab().run("cli/verify.ts");
			expect(exitCode, all).toBe(0);
		});

		it("reports that no name resolves if CoreDNS is scaled to 0, and the reported command fixes it", async () => {
			await kubectl("scale", "deployment/coredns", inSystem, "--replicas=0");
			await kubectl("wait", "pods", inSystem, "--selector=k8s-app=kube-dns", "--for=delete", "--timeout=60s");
			const printed = await fails();
			const [, fix = ""] =
				/failed: the DNS Service \S+ has no ready endpoint(?:\n {2}.*)*?\n {2}fix, if it is scaled to 0: (.*)$/m.exec(
					printed,
				) ?? [];
			expect(fix, printed).toMatch(/^kubectl .* scale deployment\/coredns --replicas=2$/);
			await execa("sh", ["-c", fix], { cwd: lab().folder });
			await recoveries.start(lab(), "CoreDNS scaled to 0");
		});

		it.each(["service/nodeport-service", ...ifSlow(["deployment/app1", "pod/dnsutils"])])(
			"recreates %s by a start when somebody has deleted it",
			async (object) => {
				await kubectl("delete", object, "--timeout=60s");
				expect(await fails()).toContain(`default/${object.split("/")[1]} not found; fix: npm start`);
				await recoveries.start(lab(), `${object} deleted`);
			},
		);

		itIfSlow("answers from another pod when one was evicted", async () => {
			const before = await echoPod();
			const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: before, namespace: "default" } };
			const path = `/api/v1/namespaces/default/pods/${before}/eviction`;
			const kubeconfig = `${lab().folder}/.kube/${clusterName}.yaml`;
			await execa("kubectl", ["--kubeconfig", kubeconfig, "create", "--raw", path, "--filename=-"], {
				input: JSON.stringify(eviction),
			});
			await recoveries.start(lab(), "the echo's pod evicted");
			expect(await echoPod()).not.toBe(before);
		});

		itIfSlow("npm start recreates the client when its kubelet has ended it", async () => {
			// A real end: a kubelet overwrites a status that somebody else wrote for a running pod.
			await kubectl("patch", "pod/dnsutils", "--type=merge", '--patch={"spec":{"activeDeadlineSeconds":1}}');
			await kubectl("wait", "pod/dnsutils", "--for=jsonpath={.status.phase}=Failed", "--timeout=60s");
			expect(await recoveries.start(lab(), "dnsutils ended by its kubelet")).toContain(
				"pod/dnsutils in default has ended (Failed)",
			);
		});
	});
