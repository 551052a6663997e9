/** What every plugin does: serve gRPC on a free loopback port, print the port, and end when the engine ends. */
import * as grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";

export const installOfficial =
	"is not supported by the built-in substitute for the plugin; install the official plugin";

/** Without a size limit, because one message carries a whole object; and never through a proxy: the engine is local. */
const channelOptions = {
	"grpc.max_receive_message_length": -1,
	"grpc.max_send_message_length": -1,
	"grpc.enable_http_proxy": 0,
};

/** The last argument, after flags that the substitutes ignore. */
export const engineAddress = process.argv.slice(2).at(-1) ?? "";

/** An error for the engine, with its status code and trailing metadata. */
export class RpcError extends Error {
	readonly code: grpc.status;
	readonly metadata: grpc.Metadata;
	constructor(message: string, code: grpc.status = grpc.status.UNKNOWN, metadata = new grpc.Metadata()) {
		super(message);
		this.code = code;
		this.metadata = metadata;
	}
}

/** The engine's log. The engine shows ephemeral messages as a resource's status. */
export class EngineLog {
	#client: engineServices.EngineClient | undefined;
	#sent: Promise<void> = Promise.resolve();

	connect(address: string): void {
		this.#client = new engineServices.EngineClient(address, grpc.credentials.createInsecure(), channelOptions);
	}

	status(urn: string, message: string): void {
		this.#send(urn, message, engineMessages.LogSeverity.INFO, true);
	}

	warn(urn: string, message: string): void {
		this.#send(urn, message, engineMessages.LogSeverity.WARNING, false);
	}

	/** Resolves once the last message has arrived; they are sent one at a time. */
	flush(): Promise<void> {
		return this.#sent;
	}

	#send(urn: string, message: string, severity: 0 | 1 | 2 | 3, ephemeral: boolean): void {
		const request = new engineMessages.LogRequest();
		request.setUrn(urn).setMessage(message).setSeverity(severity).setEphemeral(ephemeral);
		const client = this.#client;
		// An engine that has ended needs no log.
		this.#sent = this.#sent.then(() => new Promise((resolve) => client?.log(request, () => resolve()) ?? resolve()));
	}
}

/** A unary call as an async function. The engine gets its error without a stack. */
export function unary<Request, Response>(
	answer: (request: Request) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
	return async (call, callback) => {
		try {
			callback(null, await answer(call.request));
		} catch (error) {
			const { message } = error as Error;
			const { code, metadata } = error instanceof RpcError ? error : new RpcError(message);
			callback({ code, metadata, details: message });
		}
	};
}

/** Adds a refusal for each call that the implementation lacks. */
function complete(service: grpc.ServiceDefinition, implementation: grpc.UntypedServiceImplementation) {
	const refuse = (path: string) => (call: unknown, callback?: grpc.sendUnaryData<unknown>) => {
		const error = { code: grpc.status.UNIMPLEMENTED, details: `${path} ${installOfficial}` };
		if (callback) callback(error);
		else (call as grpc.ServerWritableStream<unknown, unknown>).emit("error", error);
	};
	const all = Object.entries(service).map(([name, { path }]) => [name, implementation[name] ?? refuse(path)]);
	return Object.fromEntries(all) as grpc.UntypedServiceImplementation;
}

/**
 * Serves until the engine interrupts this process, or ends.
 * @param stop ends the running operations; the engine kills this process after 5 s
 */
export async function serve(
	service: grpc.ServiceDefinition,
	implementation: grpc.UntypedServiceImplementation,
	log: EngineLog,
	stop: () => Promise<void>,
): Promise<void> {
	log.connect(engineAddress);
	const server = new grpc.Server(channelOptions);
	server.addService(service, complete(service, implementation));
	const port = await new Promise<number>((resolve, reject) => {
		server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
			error ? reject(error) : resolve(bound),
		);
	});
	let stopping = false;
	const end = async () => {
		if (stopping) return;
		stopping = true;
		await stop();
		process.exit(0);
	};
	process.on("SIGINT", end).on("SIGTERM", end);
	// The engine holds the other end of stdin, which closes even if the engine is killed.
	process.stdin.on("end", end).resume();
	console.log(port);
}
