import { randomBytes } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ownerAnnotation } from "../../kind/owner.ts";

/**
 * The namespace's name, once it exists: `default` is always there, any other is made.
 * @param privileged whether pods are put there that are more than clusters may allow unasked, as NodeProbe is
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
		// Each update would be another mark: the one that it was made with is what tells it from others' of its name.
		ignoreChanges: ["metadata.annotations"],
	};
	const metadata = {
		name,
		annotations: { [ownerAnnotation]: randomBytes(8).toString("hex") },
		...(privileged && { labels: { "pod-security.kubernetes.io/enforce": "privileged" } }),
	};
	return new k8s.core.v1.Namespace(name, { metadata }, options).metadata.name;
}
