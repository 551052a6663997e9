import { expect, it } from "vitest";
import { isRight } from "../../../../verification/lesson/lessonProgress.ts";
import { secondService } from "../../../../verification/lesson/questions.ts";
import { seenThroughOwn, whoAnswers } from "../../../../verification/lesson/requestQuestions.ts";
import { questionsOf, stepNames } from "../../../../verification/lesson/steps.ts";
import { FakeLessonLab } from "./fakeLessonLab.ts";

const all = stepNames.flatMap((step) => questionsOf[step]);

it("has a unique name for each question", () => {
	expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

it.each(all.filter(({ during }) => during === undefined).map((question) => [question.name, question] as const))(
	"%s: exactly one choice is what the lab measures",
	async (_, question) => {
		const snapshot = await new FakeLessonLab().snapshot();
		const { choices } = await question.ask(snapshot);
		const measured = await question.measure(snapshot);
		expect(choices.filter((choice) => isRight(choice, measured))).toEqual([measured.value]);
		expect(choices.length).toBeGreaterThan(1);
	},
);

it.each([
	["ready-nodes", { kind: "count", of: "nodes", count: 4 }],
	["pod-node", { kind: "node", node: "nodeport-worker" }],
	["endpoints", { kind: "count", of: "endpoints", count: 1 }],
	["who-answers", { kind: "node", node: "nodeport-worker" }],
	["client-ip", { kind: "address", address: "172.18.0.9" }],
	["client-ip-own-node", { kind: "address", address: "10.244.1.1" }],
	["nodes-with-rules", { kind: "count", of: "nodes", count: 4 }],
	["destination-chain", { kind: "chain", chain: expect.stringMatching(/^KUBE-SEP-/) }],
	["rewrites", { kind: "rewrites", source: true, destination: true }],
	["nodes-passed", { kind: "count", of: "nodes", count: 3 }],
	["second-service", { kind: "admission", accepted: false }],
	["client-ip-cluster-ip", { kind: "address", address: "10.244.3.2" }],
])("measures %s on the lab", async (name, value) => {
	const question = all.find((one) => one.name === name);
	expect((await question?.measure(await new FakeLessonLab().snapshot()))?.value).toEqual(value);
});

it("offers the address that the rules predict next to those of everybody involved", async () => {
	const { choices } = await seenThroughOwn.ask(await new FakeLessonLab().snapshot());
	expect(choices).toContainEqual({ kind: "address", address: "10.244.1.1" });
	expect(choices).toContainEqual({ kind: "address", address: "10.244.3.2" });
});

it("doesn't give the answer of the next question away", async () => {
	const snapshot = await new FakeLessonLab().snapshot();
	expect(JSON.stringify(await whoAnswers.measure(snapshot))).not.toContain("clientIp");
});

it("doesn't take another error of the API server for a refusal", async () => {
	const lab = new FakeLessonLab();
	lab.cluster.core.createNamespacedService = () => Promise.reject(new Error("connect ECONNREFUSED"));
	await expect(secondService.measure(await lab.snapshot())).rejects.toThrow("the API server doesn't answer");
});
