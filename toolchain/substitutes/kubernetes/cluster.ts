/** The calls to the API server, with objects as it writes them: typed clients would drop fields that they don't know. */
import http from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import type { KubeConfig, V1Pod, V1Status } from "@kubernetes/client-node";
import { objectAt, type Properties } from "../protocol/properties.ts";
import type { Kind } from "./kinds.ts";

/** No single call of the lab takes longer, unless the API server hangs. */
const callMilliseconds = 30_000;

/** The API server's own words for why it refused. */
class ApiError extends Error {
	readonly status: number;
	/** Who manages the fields that an apply would have taken: set for conflicts. */
	readonly managers: string[];
	constructor(httpStatus: number, body: string) {
		const status = parseStatus(body);
		super(status?.message ?? `HTTP status ${httpStatus}: ${body}`);
		this.status = httpStatus;
		const causes = status?.details?.causes ?? [];
		this.managers = causes.flatMap(({ message }) => /conflict with "([^"]+)"/.exec(message ?? "")?.[1] ?? []);
	}
}

function parseStatus(body: string): V1Status | undefined {
	try {
		return JSON.parse(body) as V1Status;
	} catch {
		// A proxy or a server that is just starting answers in plain text.
		return undefined;
	}
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

// Managers that stand for the same user: this provider (one name an object), and what that user did by hand.
const ownManagers = /^(pulumi-kubernetes|kubectl|before-first-apply)/;

interface Apply {
	fieldManager: string;
	/** What would become of the object, without changing it. */
	dryRun: boolean;
}

export interface ObjectRef {
	kind: Kind;
	/** Absent for kinds without. */
	namespace?: string;
	name: string;
}

export class Cluster {
	readonly #config: KubeConfig;
	constructor(config: KubeConfig) {
		this.#config = config;
	}

	/** @throws within `milliseconds` when no API server answers */
	async probe(milliseconds: number): Promise<void> {
		await this.#call("GET", "/version", { milliseconds });
	}

	get(ref: ObjectRef): Promise<Properties> {
		return this.#call("GET", objectPath(ref));
	}

	async find(ref: ObjectRef): Promise<Properties | undefined> {
		try {
			return await this.get(ref);
		} catch (error) {
			if (isNotFound(error)) return undefined;
			throw error;
		}
	}

	/** The pods with all of these labels. */
	async pods(namespace: string | undefined, labels: Properties): Promise<V1Pod[]> {
		const labelSelector = Object.entries(labels)
			.map(([key, value]) => `${key}=${value}`)
			.join(",");
		const { items } = await this.#call("GET", `/api/v1/namespaces/${namespace}/pods`, { query: { labelSelector } });
		return items as unknown as V1Pod[];
	}

	/** Server-side apply. A conflict with what the same user did by other means is settled for the program. */
	async apply(ref: ObjectRef, object: Properties, { fieldManager, dryRun }: Apply): Promise<Properties> {
		const patch = (force: boolean) =>
			this.#call("PATCH", objectPath(ref), {
				query: { fieldManager, force: String(force), ...(dryRun && { dryRun: "All" }) },
				contentType: "application/apply-patch+yaml",
				body: object,
			});
		try {
			return await patch(dryRun);
		} catch (error) {
			if (!(error instanceof ApiError) || error.status !== 409 || error.managers.length === 0) throw error;
			if (error.managers.every((manager) => ownManagers.test(manager))) return patch(true);
			throw new Error(
				`another manager (${error.managers.join(", ")}) set fields that the program sets too: ${error.message}. ` +
					"Remove them from the program, or make that manager give them up",
			);
		}
	}

	/** Asks for the deletion; the object stays until everything that it owns is gone. */
	async delete(ref: ObjectRef): Promise<void> {
		await this.#call("DELETE", objectPath(ref), { body: { propagationPolicy: "Foreground" } });
	}

	async #call(
		method: string,
		path: string,
		{ query = {}, body, contentType = "application/json", milliseconds = callMilliseconds }: CallOptions = {},
	): Promise<Properties> {
		const content = body && Buffer.from(JSON.stringify(body));
		const options: https.RequestOptions = {
			method,
			headers: {
				accept: "application/json",
				// Without a length, Node sends the body of a DELETE in a way that the API server takes for none.
				...(content && { "content-type": contentType, "content-length": content.length }),
			},
			signal: AbortSignal.timeout(milliseconds),
		};
		await this.#config.applyToHTTPSOptions(options);
		const server = this.#config.getCurrentCluster()?.server.replace(/\/$/, "");
		const url = `${server}${path}?${new URLSearchParams(query)}`;
		const { status, answer } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
			const { request } = url.startsWith("http:") ? http : https;
			const sent = request(url, options, (response) => {
				text(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
			});
			sent.on("error", reject).end(content);
		});
		if (status >= 300) throw new ApiError(status, answer);
		return JSON.parse(answer) as Properties;
	}
}

interface CallOptions {
	query?: Record<string, string>;
	body?: Properties;
	contentType?: string;
	milliseconds?: number;
}

function objectPath({ kind, namespace, name }: ObjectRef): string {
	const group = kind.apiVersion.includes("/") ? "apis" : "api";
	const scope = kind.namespaced ? `/namespaces/${namespace}` : "";
	return `/${group}/${kind.apiVersion}${scope}/${kind.plural}/${name}`;
}

/** Which object the properties describe. */
export function refOf(kind: Kind, object: Properties): ObjectRef {
	const { name, namespace } = objectAt(object, "metadata");
	return { kind, name: String(name), ...(kind.namespaced && { namespace: String(namespace) }) };
}

/** The engine's id of an object: `namespace/name`, or the name alone. */
export const idOf = ({ namespace, name }: ObjectRef): string =>
	namespace === undefined ? name : `${namespace}/${name}`;

export function refOfId(kind: Kind, id: string): ObjectRef {
	const [name = "", namespace = "default"] = id.split("/").reverse();
	return { kind, name, ...(kind.namespaced && { namespace }) };
}
