/** A small API server on loopback: it keeps objects as a real one does, and remembers what it was asked. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { Properties } from "../../toolchain/substitutes/protocol/properties.ts";

export interface Asked {
	method: string;
	path: string;
	query: Record<string, string>;
	contentType: string | undefined;
	body: Properties | undefined;
}

export interface Answer {
	status: number;
	/** A text is sent as such, as logs are. */
	body: Properties | string;
}

export class ApiServer {
	/** Objects, and lists of them, by path. */
	readonly objects = new Map<string, Properties>();
	readonly asked: Asked[] = [];
	/** Answers in place of the usual one, as long as it gives one. */
	intercept: (asked: Asked) => Answer | undefined = () => undefined;
	readonly #server: Server;
	#uid = 0;

	constructor() {
		this.#server = createServer(async (request, response) => {
			const url = new URL(request.url ?? "/", "http://loopback");
			// Without a length there is no body to read: as the real one does with the body of a DELETE.
			const hasBody = request.headers["content-length"] !== undefined;
			const asked: Asked = {
				method: request.method ?? "",
				path: url.pathname,
				query: Object.fromEntries(url.searchParams),
				contentType: request.headers["content-type"],
				body: hasBody ? ((await json(request)) as Properties) : undefined,
			};
			this.asked.push(asked);
			const { status, body } = this.intercept(asked) ?? this.#usual(asked);
			const [type, text] = typeof body === "string" ? ["text/plain", body] : ["application/json", JSON.stringify(body)];
			response.writeHead(status, { "content-type": type }).end(text);
		});
	}

	/** @returns a kubeconfig that leads to it */
	async start(): Promise<string> {
		await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
		const { port } = this.#server.address() as AddressInfo;
		return JSON.stringify({
			"current-context": "test",
			contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
			// The client library allows plain HTTP only where TLS would not be verified.
			clusters: [{ name: "test", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
			users: [{ name: "test", user: {} }],
		});
	}

	stop(): void {
		this.#server.close();
		this.#server.closeAllConnections();
	}

	methods(): string[] {
		return this.asked.map(({ method }) => method);
	}

	#usual({ method, path, query, body }: Asked): Answer {
		if (path === "/version") return { status: 200, body: { major: "1" } };
		const known = this.objects.get(path);
		if (method === "PATCH") {
			this.#uid += known ? 0 : 1;
			const uid = (known?.metadata as Properties | undefined)?.uid ?? `uid-${this.#uid}`;
			const object = { ...known, ...body, metadata: { ...(body?.metadata as Properties), uid } };
			if (query.dryRun === undefined) this.objects.set(path, object);
			return { status: known ? 200 : 201, body: object };
		}
		if (known === undefined) return { status: 404, body: { kind: "Status", message: `${path} not found` } };
		if (method === "DELETE") this.objects.delete(path);
		return { status: 200, body: known };
	}
}
