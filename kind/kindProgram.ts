/**
 * What the Command resources run: `kindProgram.ts <operation>`, with a JSON request on stdin. The result goes to stdout,
 * progress to stderr.
 */
import { text } from "node:stream/consumers";
import { z } from "zod";
import { command } from "../lib/programs/command.ts";
import { parseRequest } from "../lib/programs/stdinRequest.ts";
import { connect } from "./connection.ts";
import { createCluster, deleteCluster, loadImage, updateCluster } from "./kind.ts";
import { ClusterSpec } from "./kindConfig.ts";
import { removeOutsideClients, startOutsideClient } from "./outsideContainer.ts";
import { ownerIn } from "./owner.ts";

const CreateRequest = z.object({ id: z.string(), spec: ClusterSpec });
const ConnectRequest = z.object({ name: z.string(), access: z.string() });
const OutsideRequest = z.object({
	cluster: z.object({ name: z.string(), id: z.string() }),
	id: z.string(),
	image: z.string(),
});
const LoadRequest = z.object({ cluster: z.string(), image: z.string(), nodes: z.array(z.string()) });

const operations: Record<string, (request: string) => Promise<string>> = {
	// Pulumi's state has no cluster. If there is one, the state was lost, and its content is unknown.
	async create(request) {
		const { id, spec } = parseRequest(CreateRequest, request);
		await createCluster(spec, id);
		return id;
	},
	async update(request) {
		const { id, spec } = parseRequest(CreateRequest, request);
		await updateCluster(spec, id);
		return id;
	},
	async delete(request) {
		const { id, spec } = parseRequest(CreateRequest, request);
		await deleteCluster(spec.name, id);
		return "";
	},
	async connect(request) {
		const { name, access } = parseRequest(ConnectRequest, request);
		return connect(name, access);
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
};

await command(async () => {
	const name = process.argv[2] ?? "";
	const operation = operations[name];
	if (!operation) throw new Error(`unknown operation "${name}"; allowed: ${Object.keys(operations).join(", ")}`);
	process.stdout.write(await operation(await text(process.stdin)));
	return 0;
});
