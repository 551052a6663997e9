/** Pulumi mocks that record a program's resources and answer like a provider. */
import * as pulumi from "@pulumi/pulumi";
import type { CheckResult } from "../../../verification/check/checkRequest.ts";
import type { Summary } from "../../../verification/report.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests read resources of every shape, and a wrong path fails them
export type Properties = Record<string, any>;

export interface Recorded {
	type: string;
	name: string;
	inputs: Properties;
}

/** Answers by resource type. A resource of another type is unexpected and fails the test. */
export type Answers = Record<string, (inputs: Properties, id: string) => Properties>;

const kubernetes =
	(status: object = {}) =>
	(inputs: Properties): Properties => ({
		...inputs,
		metadata: { namespace: "default", uid: "uid-1", generation: 1, ...inputs.metadata },
		status,
	});

const node = (_: unknown, name: string) => ({
	metadata: { name, labels: name.endsWith("control-plane") ? { "node-role.kubernetes.io/control-plane": "" } : {} },
	spec: { podCIDR: "10.244.0.0/24" },
	status: {
		conditions: [{ type: "Ready", status: "True" }],
		addresses: [{ type: "InternalIP", address: "172.18.0.2" }],
		nodeInfo: {
			kubeletVersion: "v1.36.3",
			osImage: "Debian",
			kernelVersion: "6.18",
			containerRuntimeVersion: "containerd://2.3.6",
		},
	},
});

export const answers: Answers = {
	"pulumi:providers:kubernetes": (inputs) => inputs,
	"kubernetes:core/v1:Node": node,
	"kubernetes:core/v1:Namespace": kubernetes(),
	"kubernetes:core/v1:Pod": kubernetes(),
	"kubernetes:core/v1:Service": (inputs) => {
		const object = kubernetes()(inputs);
		return { ...object, spec: { ...object.spec, clusterIP: "10.96.0.10" } };
	},
	"kubernetes:apps/v1:Deployment": kubernetes(),
	"kubernetes:apps/v1:DaemonSet": kubernetes(),
	"kubernetes:batch/v1:Job": kubernetes({ succeeded: 1, startTime: "s", completionTime: "c" }),
	"command:local:Command": (inputs) => ({ ...inputs, stdout: commandOutput(inputs), stderr: "" }),
};

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** In the shape in which kind writes it. */
export const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: ${base64("authority")}
    server: https://127.0.0.1:40001
  name: kind-c
contexts:
- context:
    cluster: kind-c
    user: kind-c
  name: kind-c
current-context: kind-c
users:
- name: kind-c
  user:
    client-certificate-data: ${base64("certificate")}
    client-key-data: ${base64("key")}
`;

/** What a command's program prints. */
function commandOutput({ create, stdin }: Properties): string {
	const request = JSON.parse(stdin);
	if (/ kind\/kindProgram\.ts create$/.test(create)) return request.id;
	if (/kind\/kindProgram\.ts connect$/.test(create)) return kubeconfig;
	if (/kind\/kindProgram\.ts load$/.test(create)) return request.image;
	if (/kind\/kindProgram\.ts load-archive$/.test(create)) return request.archive;
	if (/kind\/kindProgram\.ts set-nodes$/.test(create)) return "";
	if (/kind\/kindProgram\.ts add-registry$/.test(create)) return `localhost:${request.registry.port}`;
	if (/kind\/kindProgram\.ts start-outside-client$/.test(create)) return "172.18.0.9 fc00:f853:ccd:e793::9";
	if (/ verification\/verificationProgram\.ts$/.test(create)) return JSON.stringify(summary(request));
	if (/ verification\/check\/checkProgram\.ts$/.test(create)) return JSON.stringify(checkResult);
	throw new Error(`unexpected command ${create}`);
}

const checkResult: CheckResult = {
	ok: true,
	checkedAt: "2026-01-01T00:00:00.000Z",
	requests: [{ client: "this machine", address: "172.18.0.2:30080", how: "measured", ok: true, observed: "ok" }],
	findings: [],
};

/** The verification's summary, with a field that no contract has. */
const summary = ({ report }: Properties): Summary & { beside: string } => ({
	ok: true,
	checkedAt: "2026-01-01T00:00:00.000Z",
	proxyMode: "iptables",
	connectivity: [],
	nodes: [],
	report,
	beside: "the contract",
	pods: [{ name: "app1-1", ip: "10.244.1.2", node: "nodeport-worker" }],
});

/** Answers StackReferences with these outputs. */
export const stackOutputs = (outputs: Properties, secretOutputNames: string[] = []): Answers => ({
	"pulumi:pulumi:StackReference": ({ name }) => ({ name, outputs, secretOutputNames }),
});

/**
 * Installs the mocks.
 * @param more answers in addition to the usual ones
 * @returns the list of recorded resources, which grows
 */
export async function record(project = "nodeport-lab", more: Answers = {}): Promise<Recorded[]> {
	const recorded: Recorded[] = [];
	await pulumi.runtime.setMocks(
		{
			newResource({ type, name, inputs, id }) {
				if (type.startsWith("nodeport-lab:")) return { id: "", state: inputs };
				const answer = { ...answers, ...more }[type];
				if (!answer) throw new Error(`unexpected resource ${type} "${name}"`);
				recorded.push({ type, name, inputs });
				return { id: id ?? `${name}-id`, state: answer(inputs, id ?? "") };
			},
			call({ token }) {
				throw new Error(`unexpected call of ${token}`);
			},
		},
		project,
		"test",
		false,
		"organization",
	);
	return recorded;
}

/** The value of an output, once every resource that it hangs on is registered. */
export const settled = <T>(output: pulumi.Output<T>): Promise<T> =>
	new Promise((resolve) => {
		output.apply((value) => resolve(value as T));
	});

/** The one recorded resource of a type, or of a type and a name. */
export function only(recorded: Recorded[], type: string, name?: string): Recorded {
	const found = recorded.filter((resource) => resource.type === type && (name === undefined || resource.name === name));
	if (found.length !== 1 || !found[0]) throw new Error(`${found.length} resources of type ${type} ${name ?? ""}`);
	return found[0];
}
