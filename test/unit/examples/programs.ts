/** The examples, run against mocks. */
import * as pulumi from "@pulumi/pulumi";
import { vi } from "vitest";
import { type Properties, type Recorded, record, settled, stackOutputs } from "../components/recorder.ts";
import { sampleOutputs } from "./sampleOutputs.ts";

// Without a CLI that checks whether the lab's stack exists.
vi.mock("../../../components/lab/labReference.ts", () => ({
	labReference: async (name: string) => new pulumi.StackReference(name),
}));

vi.mock("../../../examples/consumer/answers.ts", () => ({
	answersOf: async (kubeconfig: string, job: object) => ({ kubeconfig, ...job }),
}));

interface Ran<Outputs> {
	recorded: Recorded[];
	outputs: Outputs;
}

/** examples/consumer, with a lab of these outputs. */
export async function runConsumer(
	lab: Properties = sampleOutputs,
): Promise<Ran<typeof import("../../../examples/consumer/index.ts")>> {
	const recorded = await record("nodeport-lab-consumer", stackOutputs(lab, ["kubeconfig"]));
	pulumi.runtime.setAllConfig({ "nodeport-lab-consumer:lab": "other" });
	const outputs = await import("../../../examples/consumer/index.ts");
	await settled(outputs.answers);
	return { recorded, outputs };
}

/** examples/components, with the kubeconfig in this file. */
export async function runComponents(
	kubeconfig: string,
): Promise<Ran<typeof import("../../../examples/components/index.ts")>> {
	const recorded = await record("nodeport-lab-components");
	const settings = { kubeconfig, namespace: "shop", echoImage: "echo:1", dnsutilsImage: "client:1", nodes: '["a"]' };
	pulumi.runtime.setAllConfig(
		Object.fromEntries(Object.entries(settings).map(([key, value]) => [`nodeport-lab-components:${key}`, value])),
	);
	const outputs = await import("../../../examples/components/index.ts");
	await settled(outputs.connectivity);
	return { recorded, outputs };
}
