/**
 * What the Command resources run: `kindProgram.ts <operation>`, with a JSON request on stdin. The result goes to stdout,
 * progress to stderr.
 */
import { text } from "node:stream/consumers";
import { z } from "zod";
import { command } from "../lib/programs/command.ts";
import { parseRequest } from "../lib/programs/stdinRequest.ts";
import { connect } from "./connection.ts";
import { archiveTags } from "./inPlace/imageArchive.ts";
import { addRegistry, Registry, removeRegistry } from "./inPlace/localRegistry.ts";
import { clearNodes, NodeSettings, setNodes } from "./inPlace/nodeSettings.ts";
import { createCluster, deleteCluster, loadArchive, loadImage, updateCluster } from "./kind.ts";
import { removeOutsideClients, startOutsideClient } from "./outsideContainer.ts";
import { ownerIn } from "./owner.ts";
import { ClusterSpec } from "./spec/clusterSpec.ts";

const CreateRequest = z.object({
	id: z.string(),
	spec: ClusterSpec,
	adopt: z.boolean().optional(),
	retain: z.boolean().optional(),
});
const ConnectRequest = z.object({
	name: z.string(),
	access: z.string(),
	wait: z.object({ seconds: z.int() }).optional(),
});
const cluster = z.object({ name: z.string(), id: z.string() });
const OutsideRequest = z.object({ cluster, id: z.string(), image: z.string() });
const NodesRequest = z.object({ cluster, nodes: z.record(z.string(), NodeSettings) });
const RegistryRequest = z.object({ cluster, registry: Registry });
const LoadRequest = z.object({ cluster: z.string(), image: z.string(), nodes: z.array(z.string()) });
const ArchiveRequest = z.object({ cluster: z.string(), archive: z.string(), nodes: z.array(z.string()) });

const operations: Record<string, (request: string) => Promise<string>> = {
	// Pulumi's state has no cluster. If there is one, the state was lost, and its content is unknown.
	async create(request) {
		const { id, spec, ...options } = parseRequest(CreateRequest, request);
		await createCluster(spec, id, options);
		return id;
	},
	async update(request) {
		const { id, spec, ...options } = parseRequest(CreateRequest, request);
		await updateCluster(spec, id, options);
		return id;
	},
	async delete(request) {
		const { id, spec } = parseRequest(CreateRequest, request);
		await deleteCluster(spec.name, id);
		return "";
	},
	async connect(request) {
		const { name, access, wait } = parseRequest(ConnectRequest, request);
		return connect(name, access, wait);
	},
	async "start-outside-client"(request) {
		const { cluster, image, id } = parseRequest(OutsideRequest, request);
		return startOutsideClient(cluster, image, id);
	},
	async "remove-outside-client"(request) {
		await removeOutsideClients(ownerIn(parseRequest(OutsideRequest, request).cluster.id));
		return "";
	},
	async load(request) {
		const { cluster, image, nodes } = parseRequest(LoadRequest, request);
		await loadImage(cluster, image, nodes);
		return image;
	},
	async "load-archive"(request) {
		const { cluster, archive, nodes } = parseRequest(ArchiveRequest, request);
		const [image = archive] = await archiveTags(archive);
		await loadArchive(cluster, archive, nodes);
		return image;
	},
	async "set-nodes"(request) {
		const { cluster, nodes } = parseRequest(NodesRequest, request);
		await setNodes(cluster.name, nodes);
		return "";
	},
	async "clear-nodes"(request) {
		const { cluster, nodes } = parseRequest(NodesRequest, request);
		await clearNodes(cluster.name, Object.keys(nodes));
		return "";
	},
	async "add-registry"(request) {
		const { cluster, registry } = parseRequest(RegistryRequest, request);
		return addRegistry(cluster, registry);
	},
	async "remove-registry"(request) {
		const { cluster, registry } = parseRequest(RegistryRequest, request);
		await removeRegistry(cluster.id, registry);
		return "";
	},
};

await command(async () => {
	const name = process.argv[2] ?? "";
	const operation = operations[name];
	if (!operation) throw new Error(`unknown operation "${name}"; allowed: ${Object.keys(operations).join(", ")}`);
	process.stdout.write(await operation(await text(process.stdin)));
	return 0;
});
