import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it, vi } from "vitest";
import * as command from "../../../../toolchain/substitutes/command/commandInputs.ts";
import { kinds } from "../../../../toolchain/substitutes/kubernetes/kinds.ts";
import * as kubernetes from "../../../../toolchain/substitutes/kubernetes/objectInputs.ts";
import { unsupportedSettings } from "../../../../toolchain/substitutes/kubernetes/providerSettings.ts";
import { defaults } from "../../components/defaults.ts";
import { type Recorded, record, settled } from "../../components/recorder.ts";
import { runComponents, runConsumer } from "../../examples/programs.ts";

vi.mock("../../../../kind/docker.ts", async (original) => ({
	...(await original<typeof import("../../../../kind/docker.ts")>()),
	findNodes: async () => [],
	imageId: async (image: string) => `sha256:of-${image}`,
}));

/** The resources of a lab with all optional settings. */
let recorded: Recorded[];
/** The resources of the examples. */
let examples: Recorded[];

beforeAll(async () => {
	recorded = await record();
	const most = {
		...defaults,
		namespace: "lab",
		connectivity: "full",
		hostPort: "8030",
		echoNodes: '["nodeport-worker","nodeport-worker2"]',
	};
	pulumi.runtime.setAllConfig(
		Object.fromEntries(Object.entries(most).map(([key, value]) => [`nodeport-lab:${key}`, value])),
	);
	const { verification } = await import("../../../../index.ts");
	await settled(pulumi.output(verification));
	examples = [...(await runConsumer()).recorded, ...(await runComponents("package.json")).recorded];
});

/** The substitutes' errors about one of the lab's resources. */
function failures({ type, inputs }: Recorded) {
	// The mocks' kubeconfig isn't valid.
	if (type === "pulumi:providers:kubernetes") return unsupportedSettings({ ...inputs, kubeconfig: "kind: Config\n" });
	if (type.startsWith("command:")) return command.unsupportedInputs(type, inputs);
	const kind = kinds.get(type);
	if (!kind) return [{ property: "", reason: `no kind ${type}` }];
	// Nodes are only read.
	return kind.readOnly ? [] : kubernetes.unsupportedInputs(kind, inputs);
}

it("the substitutes support everything that the lab and its examples use", () => {
	const all = [...recorded, ...examples].filter(({ type }) => type !== "pulumi:pulumi:StackReference");
	expect(all.flatMap((resource) => failures(resource).map(({ reason }) => `${resource.name}: ${reason}`))).toEqual([]);
});

it("the lab and its examples use all the kinds that the substitutes support", () => {
	const types = new Set([...recorded, ...examples].map(({ type }) => type));
	expect([...kinds.keys()].filter((type) => !types.has(type))).toEqual([]);
});
