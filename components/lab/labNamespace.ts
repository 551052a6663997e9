import { randomBytes } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ownerAnnotation } from "../../kind/owner.ts";

/**
 * @returns the namespace's name, available once it exists: `default` always exists, any other is created
 * @param privileged whether it must allow privileged pods, for NodeProbe
 */
export function labNamespace(
	name: string,
	{ privileged }: { privileged: boolean },
	opts: pulumi.ComponentResourceOptions,
): pulumi.Output<string> {
	if (name === "default") return pulumi.output(name);
	const { providers, deletedWith } = opts;
	const provider = Array.isArray(providers) ? providers[0] : undefined;
	const options = {
		...(provider && { provider }),
		...(deletedWith && { deletedWith }),
		// Keeps the mark of its creation, which distinguishes it from a foreign namespace of the same name.
		ignoreChanges: ["metadata.annotations"],
	};
	const metadata = {
		name,
		annotations: { [ownerAnnotation]: randomBytes(8).toString("hex") },
		...(privileged && { labels: { "pod-security.kubernetes.io/enforce": "privileged" } }),
	};
	return new k8s.core.v1.Namespace(name, { metadata }, options).metadata.name;
}
