/** A cluster whose kube-proxy is gone: first its rules remain, then none of them, then something else serves Services. */
import { expect, it } from "vitest";
import type { Report } from "../../../verification/report.ts";
import type { Lab } from "../support/lab.ts";
import type { PlainCluster } from "../support/plainCluster.ts";

export const nodePort = 30077;

interface Site {
	cluster: PlainCluster;
	lab: Lab;
	report: () => Promise<Report>;
}

const failing = ({ connectivity }: Report) => connectivity.filter(({ ok }) => !ok).map(({ target }) => target.kind);

export function withoutKubeProxy(mode: string, site: () => Site): void {
	it("if kube-proxy's pods are gone, its remaining rules are read through NodeProbe, also with connectivity base", async () => {
		await site().cluster.kubectl("delete", "daemonset", "kube-proxy", "--namespace", "kube-system", "--wait");
		await site().cluster.kubectl(
			"wait",
			"pod",
			"--for=delete",
			"--selector=k8s-app=kube-proxy",
			"--namespace",
			"kube-system",
		);
		await site().lab.stack.setConfig("connectivity", { value: "base" });
		const { all, exitCode } = await site().lab.run("cli/start.ts");
		expect(exitCode, all).toBe(0);
		const { proxyMode, rules, request } = await site().report();
		expect({ proxyMode, readers: request.existing?.readers?.labels }).toEqual({
			proxyMode: mode,
			readers: { app: "node-probe" },
		});
		expect(rules.map(({ paths }) => paths.length)).toEqual([1, 1, 1, 1]);
	});

	it.runIf(mode === "iptables")(
		"without any rule of kube-proxy, the verification reports that, and measures",
		async () => {
			await site().cluster.onNodes("iptables-save | grep -v KUBE- | iptables-restore; conntrack -F 2>&1");
			const { all, exitCode } = await site().lab.run("cli/verify.ts");
			expect(exitCode).toBe(1);
			expect(all).toMatch(/notice: another program serves Services \(no kube-proxy pods or rules found\)/);
			const found = await site().report();
			expect(found.proxyMode).toBe("none");
			expect(failing(found)).toEqual([...Array(4).fill("nodePort"), "clusterIp", "serviceDns"]);
			expect(found.findings.filter(({ kind }) => kind === "rules" || kind === "node")).toEqual([]);
		},
	);

	it.runIf(mode === "iptables")(
		"whatever serves Services instead of kube-proxy is measured, and can be as expected",
		async () => {
			const { service, pods } = await site().report();
			const kubeDns = ["get", "endpoints", "kube-dns", "--namespace=kube-system"];
			const dns = await site().cluster.kubectl(...kubeDns, "--output=jsonpath={.subsets[0].addresses[0].ip}");
			const dnsIp = await site().cluster.kubectl(
				"get",
				"service",
				"kube-dns",
				"-n",
				"kube-system",
				"-o=jsonpath={.spec.clusterIP}",
			);
			const pod = `DNAT --to-destination ${pods[0]?.ip}:8080`;
			const chain = "iptables -t nat -A OTHER";
			await site().cluster.onNodes(
				[
					"iptables -t nat -N OTHER",
					...["PREROUTING", "OUTPUT"].map((hook) => `iptables -t nat -I ${hook} -j OTHER`),
					`${chain} -p tcp --dport ${nodePort} -m addrtype --dst-type LOCAL -j ${pod}`,
					`${chain} -p tcp -d ${service.clusterIp} --dport ${service.port} -j ${pod}`,
					`${chain} -p udp -d ${dnsIp} --dport 53 -j DNAT --to-destination ${dns}:53`,
					"iptables -t nat -A POSTROUTING -m conntrack --ctstate DNAT -j MASQUERADE",
				].join("\n"),
			);
			const { all, exitCode } = await site().lab.run("cli/verify.ts");
			expect(exitCode, all).toBe(0);
			expect(await site().report()).toMatchObject({ ok: true, proxyMode: "none", rules: [] });
		},
	);
}
