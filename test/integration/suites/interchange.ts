/** The official Kubernetes provider and the built-in substitute for it continue each other's stacks. */
import { describe, expect, it } from "vitest";
import type { Lab } from "../support/lab.ts";
import { leftovers } from "../support/testResources.ts";

interface Resource {
	urn: string;
	external?: boolean;
	created?: string;
	modified?: string;
}

/**
 * The cluster changes the first three by itself, and a refresh records it. The program determines the dependencies, and
 * those of a first update lack what wasn't known then.
 */
const changing = ["status", "resourceVersion", "managedFields", "dependencies", "propertyDependencies"];

/**
 * What the state records of the stack's own resources: not of those that it only reads, without times, and in an order of
 * its own: the resources are registered in parallel. Secrets are decrypted, because each encryption differs.
 */
async function resourcesOf(lab: Lab): Promise<Resource[]> {
	const { exitCode, all } = await lab.pulumi("stack", "export", "--show-secrets");
	expect(exitCode, all).toBe(0);
	const resources: Resource[] = JSON.parse(all).deployment.resources;
	const own = resources.filter(({ external }) => !external).sort((a, b) => (a.urn < b.urn ? -1 : 1));
	const stable = own.map(({ created: _, modified: __, ...resource }) => resource);
	return JSON.parse(JSON.stringify(stable, (key, value) => (changing.includes(key) ? undefined : value)));
}

/** The paths of all values, without the values, which are of one cluster. */
function pathsIn(value: unknown, path = ""): string[] {
	if (value === null || typeof value !== "object") return [path];
	return Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, `${path}.${key}`));
}

export const interchange = (lab: () => Lab) =>
	describe("a stack", () => {
		const shapes: string[][] = [];

		it.each([
			["official", "substitute"],
			["substitute", "official"],
		] as const)(
			"that the %s provider created stays the same with the %s one, which destroys it",
			async (first, second) => {
				lab().use(first);
				await lab().up({ refresh: false });
				const created = await resourcesOf(lab());
				shapes.push(created.flatMap(({ urn, ...resource }) => pathsIn(resource, urn)).sort());
				lab().use(second);
				expect(await lab().up({ refresh: false })).toEqual({});
				expect(await resourcesOf(lab())).toEqual(created);
				await lab().stack.refresh();
				expect(await resourcesOf(lab())).toEqual(created);
				expect(await lab().up({ refresh: false })).toEqual({});
				await lab().stack.destroy();
				expect(await leftovers()).toEqual([]);
			},
		);

		it("has the same properties in the state whichever provider created it", () => {
			expect(shapes[0]).toEqual(shapes[1]);
		});
	});
