import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** The namespace's name, once it exists: `default` is always there, any other is made. */
export function labNamespace(name: string, opts: pulumi.ComponentResourceOptions): pulumi.Output<string> {
	if (name === "default") return pulumi.output(name);
	const { providers, deletedWith } = opts;
	const provider = Array.isArray(providers) ? providers[0] : undefined;
	const options = { ...(provider && { provider }), ...(deletedWith && { deletedWith }) };
	// NodeProbe is more than clusters may allow unasked.
	const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
	return new k8s.core.v1.Namespace(name, { metadata: { name, labels } }, options).metadata.name;
}
