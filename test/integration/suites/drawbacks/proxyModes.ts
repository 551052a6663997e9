/** Many Services in both proxy modes: kube-proxy writes their rules, and afterwards nothing of them is left. */
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import type { Measurement } from "../../../../verification/experiments/model.ts";
import { readReport } from "../../../../verification/resultFile.ts";
import { clusterName, type Lab } from "../../support/lab.ts";
import { describeIfSlow } from "../selection.ts";

const counts = [1, 200];

export const manyServices = (lab: () => Lab) =>
	describeIfSlow("npm run drawbacks -- many-services", () => {
		let before: string[];
		let measurements: Measurement[];

		const onNode = async (...program: string[]): Promise<string> =>
			(await execa("docker", ["exec", `${clusterName}-worker`, ...program])).stdout;
		const rules = async () =>
			(await onNode("iptables-save", "-t", "nat")).match(/^-A KUBE-SERVICES .*/gm)?.sort() ?? [];
		const of = <Kind extends Measurement["subject"]["kind"]>(kind: Kind) =>
			measurements.filter(({ subject }) => subject.kind === kind);

		beforeAll(async () => {
			before = await rules();
			const { exitCode, all } = await lab().run("cli/drawbacks.ts", "many-services", "--services", counts.join(","));
			expect(exitCode, all).toBe(0);
			expect(all).toMatch(/^ +Advice: /m);
			const report = await readReport(join(lab().folder, "out/verification.json"));
			measurements = report?.drawbacks?.find(({ name }) => name === "many-services")?.measurements ?? [];
		});

		it.each(["iptables", "nftables"])("kube-proxy writes the rules of all Services in %s mode", (proxyMode) => {
			const programmed = of("programmedRules").filter(
				({ subject }) => "proxyMode" in subject && subject.proxyMode === proxyMode,
			);
			const passed = (services: number) => (proxyMode === "iptables" ? services : 0);
			expect(programmed.map(({ measured }) => measured)).toEqual(
				counts.map((services) => ({ kind: "programmed", services, passed: passed(services) })),
			);
		});

		it("the lab's own nodePort answers next to them, as predicted from the rules", () => {
			expect(of("request")).toHaveLength(2 * counts.length);
			expect(measurements.filter(({ ok }) => !ok)).toEqual([]);
		});

		it("every cost is measured", () => {
			const costs = of("modeCost").map(({ measured }) => measured);
			expect(costs).toHaveLength(4 * counts.length);
			const positive = expect.toSatisfy((cost: number) => cost > 0);
			for (const cost of costs) expect(cost).toMatchObject({ kind: "costs", iptables: positive, nftables: positive });
		});

		it("leaves the lab as it was: no namespace, the rules of its own mode and none of the other", async () => {
			expect(await lab().kubectl("get", "namespaces", "--output=name")).not.toContain("many-services");
			expect(await rules()).toEqual(before);
			expect(await onNode("nft", "list", "tables")).not.toContain("kube-proxy");
			expect(await lab().up({ refresh: false })).toEqual({});
		});
	});
