import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { questionsOf, rules } from "../../../../kubernetes/existing/rights.ts";

const file = parse(readFileSync("docs/rbac.yaml", "utf8")) as {
	rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
};

it("the ClusterRole to apply grants what is asked for, and no more", () => {
	expect(file.rules).toEqual(rules.map(({ group, resources, verbs }) => ({ apiGroups: [group], resources, verbs })));
});

it("changes nothing outside of the lab's own namespace", () => {
	const changing = questionsOf("nodeport-lab").filter(
		({ verb, namespace, resource }) =>
			!["get", "list", "watch"].includes(verb) && namespace !== "nodeport-lab" && resource !== "pods/exec",
	);
	expect(new Set(changing.map(({ resource }) => resource))).toEqual(new Set(["namespaces"]));
});
