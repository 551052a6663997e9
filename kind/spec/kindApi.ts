/** The parts of kind's configuration, with its names: kind.x-k8s.io/v1alpha4, pkg/apis/config/v1alpha4/types.go. */
import ipaddr from "ipaddr.js";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { NodeRole } from "../../config/clusterShape.ts";
import { image, oneOf } from "../../config/settingValues.ts";

export const between = (first: number, last: number, also = "") => {
	const allowed = `a whole number from ${first} to ${last}${also}`;
	return z.int(allowed).min(first, allowed).max(last, allowed);
};

/** -1 leaves the choice to the engine, which makes it again at each start of the container; 0 to kind. */
const hostPort = between(-1, 65535, "; 0: kind chooses a free port; -1: the engine does, again at each start");

const address = z.string("an IP address").refine(ipaddr.isValid, "an IP address");

const absolutePath = z.string("an absolute path").startsWith("/", "an absolute path");

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const part = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?";
const dnsName = "[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*";
const keyText = "a key such as example.com/tier: at most 63 letters, digits, - _ . after an optional DNS name and /";
const valueText = "at most 63 letters, digits, and inner - _ .";
const labelKey = z.string(keyText).regex(new RegExp(`^((?=.{1,253}/)${dnsName}/)?${part}$`), keyText);
const labelValue = z.string(valueText).regex(new RegExp(`^(${part})?$`), valueText);

export const Labels = z.record(labelKey, labelValue, {
	error: ({ code }) => (code === "invalid_key" ? keyText : "an object of labels"),
});

export const Taint = z.strictObject({
	key: labelKey,
	value: labelValue.optional(),
	effect: oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
});
export type Taint = z.infer<typeof Taint>;

const Mount = z.strictObject({
	containerPath: absolutePath,
	hostPath: z.string("a path on the Docker host").min(1, "a path on the Docker host"),
	readOnly: z.boolean().optional(),
	selinuxRelabel: z.boolean().optional(),
	propagation: oneOf(["None", "HostToContainer", "Bidirectional"]).optional(),
});

const PortMapping = z.strictObject({
	containerPort: between(1, 65535),
	hostPort: hostPort.optional(),
	listenAddress: address.optional(),
	protocol: oneOf(["TCP", "UDP", "SCTP"]).optional(),
});
export type PortMapping = z.infer<typeof PortMapping>;

const isYaml = (text: string, check: (value: unknown) => boolean): boolean => {
	const documents = parseAllDocuments(text);
	return documents.length > 0 && documents.every((each) => each.errors.length === 0 && check(each.toJS()));
};
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

const kubeadmKinds = [
	"ClusterConfiguration",
	"InitConfiguration",
	"JoinConfiguration",
	"KubeletConfiguration",
	"KubeProxyConfiguration",
];
// kind ignores a patch of any other kind without a word.
const patchText = `YAML with a field kind, which is one of ${kubeadmKinds.join(", ")}`;
const KubeadmPatch = z
	.string(patchText)
	.refine(
		(text) => isYaml(text, (value) => isObject(value) && kubeadmKinds.includes((value as { kind: string }).kind)),
		patchText,
	);

const listText = "a JSON 6902 patch as YAML or JSON: a list of operations";
const JsonPatch = z.string(listText).refine((text) => isYaml(text, Array.isArray), listText);
const PatchJson6902 = z.strictObject({
	group: z.string(),
	version: z.string(),
	kind: oneOf(kubeadmKinds),
	patch: JsonPatch,
});

const tomlText = "a merge patch in TOML";

export const patches = {
	kubeadmConfigPatches: z.array(KubeadmPatch).optional(),
	kubeadmConfigPatchesJSON6902: z.array(PatchJson6902).optional(),
};

export const containerdPatches = {
	containerdConfigPatches: z.array(z.string(tomlText).regex(/\S/, tomlText)).optional(),
	containerdConfigPatchesJSON6902: z.array(JsonPatch).optional(),
};

export const KindNode = z.strictObject({
	role: oneOf(NodeRole.options).optional(),
	image: image.optional(),
	labels: Labels.optional(),
	/** Not kind's: the API sets them, as it does with labels. */
	taints: z.array(Taint).optional(),
	extraMounts: z.array(Mount).optional(),
	extraPortMappings: z.array(PortMapping).optional(),
	...patches,
});
export type KindNode = z.infer<typeof KindNode>;

const domain = z.string("a DNS domain").regex(new RegExp(`^${dnsName}\\.?$`), "a DNS domain");

export const ProxyMode = oneOf(["iptables", "nftables", "ipvs", "none"]);

export const Networking = z.strictObject({
	ipFamily: oneOf(["ipv4", "ipv6", "dual"]).optional(),
	apiServerAddress: address.optional(),
	apiServerPort: hostPort.optional(),
	/** Checked with ipFamily. */
	podSubnet: z.string("a subnet in CIDR notation").optional(),
	serviceSubnet: z.string("a subnet in CIDR notation").optional(),
	disableDefaultCNI: z.boolean().optional(),
	kubeProxyMode: ProxyMode.optional(),
	dnsSearch: z.array(domain).optional(),
});
export type Networking = z.infer<typeof Networking>;
