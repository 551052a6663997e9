/** What the lab's pods, and its client outside the cluster, are allowed to do. */
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { clusterName, type Lab } from "../support/lab.ts";

export const podRights = (lab: () => Lab) =>
	describe("the lab's pods", () => {
		interface Pod {
			metadata: { name: string; labels?: Record<string, string> };
			spec: { nodeName?: string; volumes?: unknown[]; automountServiceAccountToken?: boolean };
		}
		const pods = async (): Promise<Pod[]> => JSON.parse(await lab().kubectl("get", "pods", "--output=json")).items;

		it("mount neither a token nor anything else", async () => {
			const all = await pods();
			expect(all.length).toBe(4); // The echo, dnsutils, and a NodeProbe on each node.
			for (const { metadata, spec } of all) {
				const { volumes = [], automountServiceAccountToken } = spec;
				expect({ pod: metadata.name, volumes, automountServiceAccountToken }).toEqual({
					pod: metadata.name,
					volumes: [],
					automountServiceAccountToken: false,
				});
			}
		});

		it("meet the restricted Pod Security Standard, except for what NodeProbe needs to trace a kernel", async () => {
			const namespace = "restricted";
			await lab().kubectl("create", "namespace", namespace);
			await lab().kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted");
			await lab().kubectl("wait", "--for=create", "serviceaccount/default", "--namespace", namespace);
			const refusals = new Map<string, string>();
			for (const { metadata, spec } of await pods()) {
				const { nodeName: _, ...anywhere } = spec;
				const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: metadata.name, namespace }, spec: anywhere };
				const kubectl = ["--kubeconfig", lab().kubeconfig(), "create", "--dry-run=server", "--filename=-"];
				const { failed, stderr } = await execa("kubectl", kubectl, { input: JSON.stringify(pod), reject: false });
				refusals.set(metadata.labels?.app ?? metadata.name, failed ? stderr : "");
			}
			await lab().kubectl("delete", "namespace", namespace, "--wait=false");
			expect([...refusals.keys()].sort()).toEqual(["app1", "dnsutils", "node-probe"]);
			const { app1, dnsutils, "node-probe": probe = "" } = Object.fromEntries(refusals);
			expect({ app1, dnsutils }).toEqual({ app1: "", dnsutils: "" });
			const violations = /violates PodSecurity "restricted:latest": (.*)$/m.exec(probe)?.[1] ?? probe;
			expect(violations.split(/, (?=unrestricted |\w+ != |\w+=)/)).toEqual([
				"host namespaces (hostNetwork=true)",
				expect.stringContaining("NET_ADMIN"),
				expect.stringContaining("runAsNonRoot != true"),
				expect.stringContaining("runAsUser=0"),
			]);
		});

		it("have no more rights than the network needs, and neither has the client outside the cluster", async () => {
			const { stdout } = await execa("docker", ["inspect", `${clusterName}-outside`]);
			const [{ HostConfig, Config, Mounts }] = JSON.parse(stdout);
			expect(HostConfig).toMatchObject({
				CapDrop: ["ALL"],
				CapAdd: null,
				Privileged: false,
				ReadonlyRootfs: true,
				SecurityOpt: ["no-new-privileges"],
				PortBindings: {},
			});
			expect(Config.User).toBe("65532:65532");
			expect(Mounts).toEqual([]);
		});
	});
