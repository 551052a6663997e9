import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it } from "vitest";
import { secret } from "../../../toolchain/substitutes/protocol/properties.ts";
import { only, type Recorded, settled } from "../components/recorder.ts";
import { runConsumer } from "./programs.ts";

let recorded: Recorded[];
let outputs: typeof import("../../../examples/consumer/index.ts");

beforeAll(async () => {
	({ recorded, outputs } = await runConsumer());
});

const pod = () => only(recorded, "kubernetes:batch/v1:Job").inputs.spec.template.spec;

it("reads the lab's stack in its own organization", () => {
	expect(only(recorded, "pulumi:pulumi:StackReference").name).toBe("organization/nodeport-lab/other");
});

it("calls the NodePort of every node from a container with the node's name", () => {
	const called = pod().containers.map(({ name, command }: { name: string; command: string[] }) => [
		name,
		command.at(-1),
	]);
	expect(called).toEqual([
		["c-control-plane", "http://172.18.0.2:30040/host"],
		["c-worker", "http://172.18.0.3:30040/host"],
	]);
});

it("runs on a node with the echo's image, in the lab's namespace", () => {
	expect(only(recorded, "kubernetes:batch/v1:Job").inputs.metadata.namespace).toBe("lab");
	expect(pod().nodeSelector).toEqual({ "kubernetes.io/hostname": "c-worker" });
	for (const { image, imagePullPolicy } of pod().containers)
		expect([image, imagePullPolicy]).toEqual(["echo:1", "IfNotPresent"]);
});

it("uses the lab's kubeconfig, and can be destroyed after the lab", () => {
	const { kubeconfig, deleteUnreachable } = only(recorded, "pulumi:providers:kubernetes").inputs;
	expect([kubeconfig, deleteUnreachable]).toEqual([secret("kind: Config\n"), "true"]);
});

it("exports what it called and the results, without secrets", async () => {
	expect(await settled(outputs.urls)).toEqual({
		"c-control-plane": "http://172.18.0.2:30040/host",
		"c-worker": "http://172.18.0.3:30040/host",
	});
	expect(await settled(outputs.calls)).toEqual({ complete: true, startTime: "s", completionTime: "c" });
	expect(await settled(outputs.answers)).toEqual({ kubeconfig: "kind: Config\n", namespace: "lab", name: "calls" });
	for (const output of Object.values(outputs) as pulumi.Output<unknown>[])
		expect(await pulumi.isSecret(output)).toBe(false);
});
