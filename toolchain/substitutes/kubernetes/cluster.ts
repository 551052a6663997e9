/** Calls the API server with untyped objects: typed clients drop fields that they don't know. */
import http from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import type { KubeConfig, V1Pod, V1Status } from "@kubernetes/client-node";
import { objectAt, type Properties } from "../protocol/properties.ts";
import type { Kind } from "./kinds.ts";

/** Longer than any call, unless the API server hangs. */
const callMilliseconds = 30_000;

/** With the API server's own message. */
class ApiError extends Error {
	readonly status: number;
	/** The managers of the fields in conflict. */
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
		// A proxy, or a server that is starting, answers in plain text.
		return undefined;
	}
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

// Managers that act for the same user: this provider (one name per object), and kubectl.
const ownManagers = /^(pulumi-kubernetes|kubectl|before-first-apply)/;

interface Apply {
	fieldManager: string;
	/** Returns the result without changing the object. */
	dryRun: boolean;
}

export interface ObjectRef {
	kind: Kind;
	/** Absent for cluster-scoped kinds. */
	namespace?: string;
	name: string;
}

export class Cluster {
	readonly #config: KubeConfig;
	constructor(config: KubeConfig) {
		this.#config = config;
	}

	/** @throws after `milliseconds` if no API server answers */
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

	/** Server-side apply. In a conflict with the same user's other tools, the program wins. */
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
				`another field manager (${error.managers.join(", ")}) set fields that the program sets too: ` +
					`${error.message}. Remove them from the program or from that manager`,
			);
		}
	}

	/** Requests the deletion; the object stays until everything that it owns is deleted. */
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
				// Without a length, Node sends the body of a DELETE so that the API server ignores it.
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

/** The object that the properties describe. */
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
