/** The declared arguments of KindCluster are those that are accepted. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseSettings } from "../../../kind/spec/clusterSettings.ts";

const declared = ["kindClusterArgs", "kindNetworkArgs"]
	.map((file) => readFileSync(`components/kind/${file}.ts`, "utf8"))
	.join("\n");

function fieldsOf(type: string): string[] {
	const [, body = ""] = new RegExp(`interface ${type} {\n(.*?)\n}`, "s").exec(declared) ?? [];
	return [...body.matchAll(/^\t(\w+)\??:/gm)].map(([, field]) => field ?? "");
}

/** The fields that the error about an unknown one lists. */
function accepted(args: Record<string, unknown>): string[] {
	try {
		parseSettings("dev", { name: "c", ...args });
	} catch (error) {
		return /unknown: .*?the fields are (.*?); fix/.exec((error as Error).message)?.[1]?.split(", ") ?? [];
	}
	return [];
}

const unknown = { unknown: 1 };
const node = (settings: object) => ({ nodes: [settings] });

it.each<[string, Record<string, unknown>]>([
	["KindClusterArgs", unknown],
	["KindNodeArgs", node(unknown)],
	["KindTaintArgs", node({ taints: [unknown] })],
	["KindMountArgs", node({ extraMounts: [unknown] })],
	["KindPortMappingArgs", node({ extraPortMappings: [unknown] })],
	["KindPatchJSON6902Args", node({ kubeadmConfigPatchesJSON6902: [unknown] })],
	["KindNetworkingArgs", { networking: unknown }],
	["KindRegistryArgs", { registry: unknown }],
])("%s", (type, args) => {
	expect(fieldsOf(type).length).toBeGreaterThan(2);
	expect(accepted(args).sort()).toEqual(fieldsOf(type).sort());
});

it("each optional field names its default", () => {
	const optional = [...declared.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\n\t\w+\?:/gs)].map(([, comment]) => comment);
	expect(optional.length).toBeGreaterThan(30);
	for (const comment of optional) expect(comment).toContain("@default");
});
