/**
 * The command line that the command resources run: `main.ts <operation>`, its request as JSON on stdin. Results on
 * stdout, progress on stderr.
 */
import { text } from "node:stream/consumers";
import { z } from "zod";
import { command } from "../lib/command.ts";
import { parseRequest } from "../lib/stdinRequest.ts";
import { createCluster, deleteCluster, loadImage, updateCluster } from "./kind.ts";
import { ClusterSpec } from "./kindConfig.ts";
import { openAccess } from "./kubeconfigFile.ts";
import { closeOutside, openOutside } from "./outsideContainer.ts";
import { ownerIn } from "./owner.ts";

const CreateRequest = z.object({ id: z.string(), spec: ClusterSpec });
const AccessRequest = z.object({ name: z.string(), access: z.string() });
const OutsideRequest = z.object({
	cluster: z.object({ name: z.string(), id: z.string() }),
	id: z.string(),
	image: z.string(),
});
const LoadRequest = z.object({ cluster: z.string(), image: z.string(), nodes: z.array(z.string()) });

const operations: Record<string, (request: string) => Promise<string>> = {
	// The state knows of no cluster: one that lives all the same, it has lost.
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
	async "open-access"(request) {
		const { name, access } = parseRequest(AccessRequest, request);
		return openAccess(name, access);
	},
	async "open-outside"(request) {
		const { cluster, image, id } = parseRequest(OutsideRequest, request);
		return openOutside(cluster, image, id);
	},
	async "close-outside"(request) {
		await closeOutside(ownerIn(parseRequest(OutsideRequest, request).cluster.id));
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
