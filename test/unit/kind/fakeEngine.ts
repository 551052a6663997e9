/** Fake docker and kind executables over one folder, which holds the state of the engine. Needs scratchFolder(). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NodeContainer } from "../../../kind/docker.ts";
import { writeAtomically } from "../../../lib/atomicFile.ts";
import { calls, program } from "../fakePrograms.ts";

const folder = "engine";

/** What `docker inspect` prints of a node, in one line. */
const inspected = (node: NodeContainer): string =>
	JSON.stringify({
		Name: `/${node.name}`,
		State: { Status: node.state, StartedAt: node.startedAt },
		Config: {
			Image: node.image,
			Labels: {
				"io.x-k8s.kind.cluster": node.cluster,
				...(node.isLoadBalancer && { "io.x-k8s.kind.role": "external-load-balancer" }),
			},
		},
		Mounts: node.creationId ? [{ Destination: `/kind/nodeport-lab/${node.creationId}` }] : [],
		NetworkSettings: {
			Networks: {
				kind: {
					NetworkID: node.isCutOff ? "2222" : "1111",
					IPAddress: node.addresses[0] ?? "",
					GlobalIPv6Address: node.addresses[1] ?? "",
				},
			},
		},
	});

/** Of the outside client, a line of `clients` is what `docker ps` prints: name, id, creation id, state. */
const docker = `
[ ! -f failure ] || { cat failure >&2; exit 1; }
last() { for word; do :; done; echo "$word"; }
case "$*" in
"ps --all --quiet "*) grep -l "kind.cluster\\":\\"$(last "$@" | sed -n 's/.*cluster=//p')" node-*.json 2>/dev/null | sed 's/.json$//' ;;
*"--filter name="*) grep "^$(echo "$4" | sed 's/.*^\\(.*\\)\\$/\\1/')," clients ;;
*"--filter label=nodeport-lab/cluster"*) grep -v ',,' clients ;;
"inspect --format "*) echo "172.18.0.9 fc00:f853:ccd:e793::9" ;;
inspect*) shift; separator='['; for id; do printf '%s' "$separator"; cat "$id.json"; separator=,; done; echo ']' ;;
"network ls "*) printf '0000\\n1111\\n' ;;
"image inspect "*) [ -f "$(last "$@" | tr ':/' '__').image" ] || { echo "Error: No such image" >&2; exit 1; }; echo sha256:1 ;;
pull*) echo "manifest unknown" >&2; exit 1 ;;
"start "* | "unpause "*) sed -i 's/"Status":"[a-z]*"/"Status":"running"/' "node-$2.json" ;;
"exec --interactive "*" cp /dev/stdin "*) cat > "$(basename "$6" | sed 's/.*lab\\.//')-\${3%-control-plane}" ;;
"cp "*) tar --create --to-stdout "\${2##*lab.}-\${2%-control-plane:*}" 2>/dev/null || { echo "Could not find the file" >&2; exit 1; } ;;
"rm --force "*) sed -i "/^$3,/d" clients ;;
"run "*) echo "$4,\${6#*=},\${8#*=},running" >> clients ;;
*) echo "unexpected: docker $*" >&2; exit 1 ;;
esac
exit 0`;

/** `create` makes the nodes of the configuration on stdin. */
const kind = `
case "$1 $2" in
"create cluster")
	cat > config
	id=$(sed -n 's|.*containerPath: /kind/nodeport-lab/||p' config | head -1)
	n=1
	for role in $(sed -n 's/ *- role: //p' config); do
		name="$4-$role"
		[ $role = control-plane ] || { [ $n = 1 ] || name="$name$n"; n=$((n + 1)); }
		sed "s/NAME/$name/; s/CLUSTER/$4/; s/CREATION/$id/" template > "node-$name.json"
	done ;;
"delete cluster") rm -f "finished-$4" "adopted-$4" $(grep -l "kind.cluster\\":\\"$4\\"" node-*.json) ;;
"get kubeconfig") echo "kind: Config" ;;
esac`;

/** An engine with these nodes, all of whose clusters are complete, and with one image, node:1. */
export async function fakeEngine(nodes: NodeContainer[] = []): Promise<void> {
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder);
	for (const node of nodes) {
		await writeFile(`${folder}/node-${node.name}.json`, inspected(node));
		await complete(node.cluster);
	}
	const [template] = containers("CREATION", { cluster: "CLUSTER" });
	if (template) await writeFile(`${folder}/template`, inspected({ ...template, name: "NAME" }));
	await writeFile(`${folder}/node_1.image`, "");
	await writeFile(`${folder}/clients`, "");
	const inFolder = (script: string) => `PATH=/usr/bin:/bin\ncd '${join(process.cwd(), folder)}'\n${script}`;
	await program("docker", inFolder(docker));
	await program("kind", inFolder(kind));
}

/** Marks a cluster as complete, or as interrupted. */
export const complete = (cluster: string, seconds: number | false = 30): Promise<void> =>
	seconds === false ? rm(`${folder}/finished-${cluster}`) : writeFile(`${folder}/finished-${cluster}`, `${seconds}\n`);

/** The id with which the cluster c was adopted. */
export const adopted = (): string => readFileSync(`${folder}/adopted-c`, "utf8").trim();

export const addImage = (image: string): Promise<void> =>
	writeFile(`${folder}/${image.replaceAll(/[:/]/g, "_")}.image`, "");

/** From now on, docker fails with this message. */
export const failWith = (message: string): Promise<void> => writeFile(`${folder}/failure`, message);

/** The outside clients, as lines of name, id, creation id, state. */
export const setClients = (...lines: string[]): Promise<void> =>
	writeFile(`${folder}/clients`, lines.map((line) => `${line}\n`).join(""));
export const clients = (): string[] => readFileSync(`${folder}/clients`, "utf8").split("\n").filter(Boolean);

/** The engine's nodes, each with its state. */
export const nodeStates = (): Record<string, string> =>
	Object.fromEntries(
		(existsSync(folder) ? readdirSync(folder) : [])
			.filter((file) => file.startsWith("node-"))
			.sort()
			.map((file) => {
				const { Name, State } = JSON.parse(readFileSync(`${folder}/${file}`, "utf8"));
				return [Name.slice(1), State.Status];
			}),
	);

/** The calls so far that have changed something. */
export const changes = (): string[] =>
	calls().filter((call) => !/^(docker (ps|inspect|network ls|image inspect|cp)|kind get|kubectl .*get) /.test(call));

const addresses = { "control-plane": ["172.18.0.2", "fc00::2"], worker: ["172.18.0.3", "fc00::3"] };

/** The nodes of a cluster with one worker. */
export const containers = (creationId?: string, { state = "running", cluster = "c" } = {}): NodeContainer[] =>
	(["control-plane", "worker"] as const).map((role) => ({
		name: `${cluster}-${role}`,
		cluster,
		state,
		startedAt: "2026-01-01T00:00:00Z",
		addresses: addresses[role],
		isCutOff: false,
		...(creationId && { creationId }),
	}));

export interface FakeNodeStatus {
	name: string;
	created?: string;
	/** When its lease was renewed; null: it has no lease. */
	renewed?: string | null;
	addresses: string[];
	podCidr?: string;
	/** Why it isn't Ready. */
	notReady?: string;
	/** The name and the waiting reason of its system pod. */
	pod?: [string, string];
}

/** The API server's answers to kubectl; undefined: it doesn't answer. */
export async function fakeApiServer(nodes: FakeNodeStatus[] | undefined): Promise<void> {
	await program(
		"kubectl",
		`cd '${process.cwd()}'
case "$*" in
*" get pods "*) cat pods.json ;;
*) [ -f nodes.json ] || { echo "The connection to the server 127.0.0.1:6443 was refused" >&2; exit 1; }; cat nodes.json ;;
esac`,
	);
	if (!nodes) return rm("nodes.json", { force: true });
	const items = nodes.flatMap(
		({ name, created = "2025-12-31T23:59:59Z", renewed, addresses, podCidr, notReady = "" }) => [
			{
				kind: "Node",
				metadata: { name, creationTimestamp: created },
				spec: { podCIDR: podCidr ?? "10.244.0.0/24" },
				status: {
					addresses: [
						...addresses.map((address) => ({ type: "InternalIP", address })),
						{ type: "Hostname", address: name },
					],
					conditions: [{ type: "Ready", status: notReady === "" ? "True" : "False", message: notReady }],
				},
			},
			...(renewed === null
				? []
				: [{ kind: "Lease", metadata: { name, creationTimestamp: created }, spec: { renewTime: renewed } }]),
		],
	);
	const pods = nodes.flatMap(({ name, pod }) =>
		pod
			? [
					{
						metadata: { name: pod[0] },
						spec: { nodeName: name },
						status: { phase: "Pending", containerStatuses: [{ state: { waiting: { reason: pod[1] } } }] },
					},
				]
			: [],
	);
	await writeAtomically("pods.json", JSON.stringify({ items: pods }));
	await writeAtomically("nodes.json", JSON.stringify({ items }));
}
