import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { questionsOf, rules } from "../../../../kubernetes/existing/rights.ts";

const file = parse(readFileSync("docs/rbac.yaml", "utf8")) as {
	rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
};

it("docs/rbac.yaml grants exactly the rights that are checked", () => {
	const granted = file.rules.map((rule) => ({ ...rule, verbs: new Set(rule.verbs) }));
	expect(granted).toEqual(
		rules.map(({ group, resources, verbs }) => ({
			apiGroups: [group],
			resources,
			verbs: new Set(Object.values(verbs).flat()),
		})),
	);
});

it("docs/rbac.yaml grants each right only once", () => {
	const rights = file.rules.flatMap(({ resources, verbs }) =>
		resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
	);
	expect(rights).toEqual([...new Set(rights)]);
});

it("the lab changes nothing outside its own namespace", () => {
	const changing = questionsOf("nodeport-lab").filter(
		({ verb, namespace, resource }) =>
			!["get", "list", "watch"].includes(verb) && namespace !== "nodeport-lab" && resource !== "pods/exec",
	);
	expect(new Set(changing.map(({ resource }) => resource))).toEqual(new Set(["namespaces"]));
});
