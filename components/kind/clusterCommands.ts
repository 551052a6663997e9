/** The Command resources of a KindCluster. */
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { kubeconfigId } from "../../kind/connection.ts";
import { type PlannedCluster, plannedCluster } from "../../kind/kind.ts";
import { ownerOf } from "../../kind/owner.ts";
import { type ClusterSettings, nodeNamesOf } from "../../kind/spec/clusterSettings.ts";
import { specOf } from "../../kind/spec/clusterSpec.ts";
import { defaultNodeImage } from "../../kind/spec/nodeImage.ts";
import { programCommand, quietly } from "../../lib/programs/programCommand.ts";
import { orRefuse } from "../../lib/userError.ts";

interface Cluster {
	/** The component's name. */
	name: string;
	clusterName: string;
	settings: pulumi.Output<ClusterSettings>;
	parent: pulumi.ComponentResource;
}

const kind = (operation: string): string => programCommand("kind/kindProgram.ts", operation);

/** Creates the cluster, and connects to it. */
export function clusterCommands({ name, clusterName, settings, parent }: Cluster) {
	const spec = settings.apply(async (settings) => specOf(settings, await orRefuse(nodeImageOf(settings))));
	const planned = pulumi
		.all([spec, settings, ownerOf(pulumi.getStack(), name)])
		.apply(([spec, { adopt }, owner]) => orRefuse(plannedCluster(spec, owner, { adopt })));
	planned.apply(({ loss }) => loss && pulumi.log.warn(loss, parent));
	const options = settings.apply(({ adopt, retain }) => ({ ...(adopt && { adopt }), ...(retain && { retain }) }));
	const cluster = new command.local.Command(
		`${name}-cluster`,
		{
			create: kind("create"),
			// Another id is another cluster, created in place of the old one. A replacement would first delete what
			// is inside, one by one, and engine 3.259 has closed the provider by then (Registry.Diff unloads it).
			update: kind("update"),
			delete: kind("delete"),
			stdin: pulumi
				.all([planned, spec, options])
				.apply(([{ id }, spec, options]) => JSON.stringify({ id, spec, ...options })),
			...quietly,
		},
		{ parent, deleteBeforeReplace: true, customTimeouts: { create: "20m", update: "20m", delete: "5m" } },
	);
	const wait = settings.apply(waitOf);
	const access = new command.local.Command(
		`${name}-access`,
		{
			// No delete command: the cluster's delete command also removes the kubeconfig.
			create: kind("connect"),
			update: kind("connect"),
			stdin: pulumi.jsonStringify({
				name: clusterName,
				access: orRefuse(kubeconfigId(clusterName)),
				cluster: cluster.stdout,
				wait,
			}),
			...quietly,
		},
		{ parent, deleteBeforeReplace: true, additionalSecretOutputs: ["stdout"] },
	);
	return { cluster, access, isNew: planned.apply(({ isNew }: PlannedCluster) => isNew) };
}

async function nodeImageOf(settings: ClusterSettings): Promise<string> {
	const own = settings.config.nodes ?? [];
	const names = nodeNamesOf(settings).filter((_, i) => own[i]?.image === undefined);
	return settings.nodeImage ?? defaultNodeImage(settings.name, names);
}

/** Without a network plugin, nodes don't become Ready. */
function waitOf({ waitForReady, config }: ClusterSettings): { seconds: number } | undefined {
	const seconds = config.networking?.disableDefaultCNI ? 0 : waitForReady;
	return seconds === undefined ? undefined : { seconds };
}

interface Living extends Cluster {
	cluster: command.local.Command;
	access: command.local.Command;
}

/** Sets the nodes' labels and taints. */
export function nodeCommand({ name, clusterName, settings, parent, cluster, access }: Living): command.local.Command {
	const nodes = settings.apply((settings) => {
		const names = nodeNamesOf(settings);
		const all = (settings.config.nodes ?? []).map(({ labels = {}, taints = [] }, i) => [names[i], { labels, taints }]);
		return Object.fromEntries(all);
	});
	return new command.local.Command(
		`${name}-nodes`,
		{
			create: kind("set-nodes"),
			update: kind("set-nodes"),
			delete: kind("clear-nodes"),
			stdin: pulumi.jsonStringify({ cluster: { name: clusterName, id: cluster.stdout }, nodes }),
			...quietly,
		},
		{ parent, dependsOn: [access], deletedWith: cluster },
	);
}

/** Starts the registry, and lets the nodes pull from it. */
export function registryCommand({
	name,
	clusterName,
	settings,
	parent,
	cluster,
	access,
}: Living): command.local.Command {
	const registry = settings.apply(({ registry }) => registry);
	return new command.local.Command(
		`${name}-registry`,
		{
			create: kind("add-registry"),
			update: kind("add-registry"),
			delete: kind("remove-registry"),
			stdin: pulumi.jsonStringify({ cluster: { name: clusterName, id: cluster.stdout }, registry }),
			...quietly,
		},
		{ parent, dependsOn: [access], customTimeouts: { create: "10m", update: "10m" } },
	);
}
