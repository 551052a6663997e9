import { expect, it } from "vitest";
import { adoptedId, markAdopted, markComplete, readCompletion } from "../../../kind/marks.ts";
import { program, scratchFolder } from "../fakePrograms.ts";
import { complete, containers, fakeEngine } from "./fakeEngine.ts";

const spec = { name: "c", workers: 1, nodeImage: "node:1", kubeProxyMode: "iptables" as const };

scratchFolder(() => fakeEngine(containers("1")));

it("record how long the creation took, and the spec", async () => {
	await complete("c", false);
	expect(await readCompletion("c")).toBeUndefined();
	const config = { containerdConfigPatches: ["[a]\n  b = 'é'\n"] };
	await markComplete({ ...spec, config }, 262.3);
	expect(await readCompletion("c")).toEqual({ seconds: 263, spec: { ...spec, config } });
});

it("of an older version contain no spec", async () => {
	await complete("c", 30);
	expect(await readCompletion("c")).toEqual({ seconds: 30 });
});

it("record that a cluster was adopted", async () => {
	expect(await adoptedId("c")).toBeUndefined();
	await markAdopted("c", "1111-2222-3333");
	expect(await adoptedId("c")).toBe("1111-2222-3333");
});

it("that can't be read are an error, not absent", async () => {
	await program("docker", `echo "Cannot connect to the Docker daemon" >&2; exit 1`);
	await expect(adoptedId("c")).rejects.toThrow("npm start, which starts the Docker engine");
});
