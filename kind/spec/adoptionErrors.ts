/** A cluster that another program created is adopted only as it is. */
import { namesByRole } from "../../config/clusterShape.ts";
import { type FieldError, fieldErrorLines } from "../../lib/fieldErrors.ts";
import type { NodeContainer } from "../docker.ts";
import { type ClusterSpec, nodeImages, specRoles } from "./clusterSpec.ts";

/** @throws with everything that can be seen from outside and differs from the spec: the nodes' names and images */
export function refuseMismatch(found: NodeContainer[], spec: ClusterSpec): void {
	const errors = mismatches(found, spec);
	if (errors.length === 0) return;
	const title = `the kind cluster "${spec.name}" differs from what would be adopted; nothing was changed:`;
	throw new Error([title, ...fieldErrorLines(errors)].join("\n"));
}

function mismatches(found: NodeContainer[], spec: ClusterSpec): FieldError[] {
	const nodes = found.filter(({ isLoadBalancer }) => !isLoadBalancer);
	const names = namesByRole(spec.name, specRoles(spec));
	const [wanted, existing] = [names, nodes.map(({ name }) => name)].map((list) => list.toSorted().join(", "));
	if (wanted !== existing)
		return [{ field: "nodes", got: wanted, allowed: String(existing), fix: "give nodes these roles, or remove adopt" }];
	const images = nodeImages(spec);
	return names.flatMap((name, i) => {
		const image = nodes.find((node) => node.name === name)?.image;
		if (image === undefined || image === images[i]) return [];
		const field = `nodes[${i}].image`;
		return [{ field, got: images[i], allowed: image, fix: `use this image for ${name}, or remove adopt` }];
	});
}
