import * as command from "@pulumi/command";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { programCommand, quietly } from "../../lib/programs/programCommand.ts";
import { type CheckedRequest, type CheckFinding, CheckResult } from "../../verification/check/checkRequest.ts";
import type { NodePortService } from "../nodePortService.ts";

/** What must answer, and from where. */
export interface NodePortExpectation {
	/**
	 * "outside" is measured: this machine, where Pulumi runs, sends a request to the nodePort of every node. "nodes" is predicted
	 * from the rules of the nodes: no request is sent, and each node's own processes must reach a pod through every node.
	 * With externalTrafficPolicy Local, only nodes with an endpoint must answer.
	 */
	from: pulumi.Input<pulumi.Input<"outside" | "nodes">[]>;
	/** The HTTP status that requests from outside must get. @default none: a TCP connection is enough */
	status?: pulumi.Input<number>;
	/** The path of the HTTP request. @default "/" */
	path?: pulumi.Input<string>;
	/** The name or number of the Service's port. @default all; UDP ports are only predicted */
	port?: pulumi.Input<number | string>;
	/**
	 * What requests from outside call, as "host:port": for nodes whose InternalIP this machine can't reach, such as those of
	 * Docker Desktop. @default the InternalIP of every node, with the nodePort
	 */
	addresses?: pulumi.Input<pulumi.Input<string>[]>;
}

export interface NodePortCheckArgs {
	/** The Service: a Service of @pulumi/kubernetes, a NodePortService, or a namespace and a name. */
	service: k8s.core.v1.Service | NodePortService | pulumi.Input<{ namespace: string; name: string }>;
	/** What must answer, and from where. */
	expect: NodePortExpectation;
	/** The path of the cluster's kubeconfig. @default as for kubectl: KUBECONFIG, else ~/.kube/config */
	kubeconfigPath?: pulumi.Input<string>;
	/** A context of the kubeconfig. @default its current one */
	context?: pulumi.Input<string>;
	/** A Deployment, DaemonSet or StatefulSet behind the Service: the check runs again when it changes. @default none */
	workload?: { readonly metadata: pulumi.Output<k8s.types.output.meta.v1.ObjectMeta> };
	/** Runs the check on every update. @default false: when an argument, the Service or the workload changes */
	always?: boolean;
	/** How long the NodePort may take until it answers, in seconds. @default 60 */
	waitSeconds?: pulumi.Input<number>;
	/**
	 * A pod with curl or wget that also sends requests to every node, by exec. Without it the check runs only programs that read.
	 * @default none
	 */
	probePod?: pulumi.Input<{ namespace: string; name: string }>;
}

/**
 * Fails the update if a Service's NodePort doesn't answer a client that should reach it; the error has the findings of
 * `nodeport-lab diagnose` that explain why. It only reads the cluster, with the rights of docs/diagnose-rbac.yaml: objects, and
 * by exec the rules of each node in its kube-proxy pod; after a failure also which ports a pod of the Service listens on.
 * It notices changes made outside Pulumi only with `always`.
 */
export class NodePortCheck extends pulumi.ComponentResource {
	/** Always true: a failed check is an error, not an output. */
	public readonly ok: pulumi.Output<boolean>;
	/** When the check ran last, in ISO 8601. */
	public readonly checkedAt: pulumi.Output<string>;
	/** Each request, how its result is known ("measured" or "predicted"), and the result. */
	public readonly requests: pulumi.Output<CheckedRequest[]>;
	/** What the diagnosis found although the NodePort answers, such as pods that aren't ready. */
	public readonly findings: pulumi.Output<CheckFinding[]>;

	constructor(name: string, args: NodePortCheckArgs, opts?: pulumi.ComponentResourceOptions) {
		// Without the resources: the component would wait for all that is in them.
		super("nodeport-lab:index:NodePortCheck", name, {}, opts);
		const { service, uid, spec } = identify(args.service);
		const workload = args.workload?.metadata.apply(({ uid, generation }) => ({ uid, generation }));
		const run = new command.local.Command(
			`${name}-run`,
			{
				create: programCommand("verification/check/checkProgram.ts"),
				stdin: pulumi.jsonStringify({
					...args.expect,
					kubeconfig: args.kubeconfigPath,
					context: args.context,
					service,
					probePod: args.probePod,
					waitSeconds: args.waitSeconds,
					revisions: { uid, spec, workload, ...(args.always && { time: Date.now() }) },
				}),
				...quietly,
			},
			{ parent: this, customTimeouts: { create: "15m", update: "15m" } },
		);
		const result = run.stdout.apply((text) => CheckResult.parse(JSON.parse(text)));
		this.ok = result.ok;
		this.checkedAt = result.checkedAt;
		this.requests = result.apply(({ requests }) => requests);
		this.findings = result.apply(({ findings }) => findings);
		this.registerOutputs({
			ok: this.ok,
			checkedAt: this.checkedAt,
			requests: this.requests,
			findings: this.findings,
		});
	}
}

interface Identity {
	service: pulumi.Input<{ namespace: pulumi.Input<string>; name: pulumi.Input<string> }>;
	/** What changes with the Service. */
	uid?: pulumi.Output<string>;
	spec?: pulumi.Output<unknown>;
}

function identify(service: NodePortCheckArgs["service"]): Identity {
	if (!pulumi.Resource.isInstance(service)) return { service };
	if ("spec" in service) {
		const { metadata, spec } = service;
		return { service: { namespace: metadata.namespace, name: metadata.name }, uid: metadata.uid, spec };
	}
	const { namespace, name } = service.service;
	return { service: { namespace, name }, uid: service.uid, spec: service.service };
}
