/** pulumirpc.ResourceProvider for a provider written with plain values. */
import * as grpc from "@grpc/grpc-js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { type Change, pathText } from "./diff.ts";
import { fromStruct, type Properties, toStruct } from "./properties.ts";
import { type EngineLog, RpcError, serve, unary } from "./serve.ts";

export interface Failure {
	/** Empty: the resource as a whole. */
	property: string;
	reason: string;
}

export interface Difference {
	changes: Change[];
	/** The changes that replace the resource. */
	replaces: Change[];
	deleteBeforeReplace?: boolean;
}

export interface Resource {
	urn: string;
	type: string;
	name: string;
}

export interface Operation extends Resource {
	preview: boolean;
	/** Seconds, from `customTimeouts`; 0 if it isn't set. */
	timeout: number;
}

/** `inputs` are the program's after `check`, `state` is the result of the last operation. */
export interface Provider {
	version: string;
	checkConfig(settings: Properties): Failure[];
	diffConfig(old: Properties, now: Properties): Difference;
	configure(settings: Properties): Promise<void>;
	check(resource: Resource, inputs: Properties): Failure[];
	diff(resource: Resource & { old: Properties; now: Properties }): Difference;
	create(operation: Operation & { inputs: Properties }): Promise<{ id: string; state: Properties }>;
	update(operation: Operation & { id: string; state: Properties; inputs: Properties }): Promise<Properties>;
	/** Undefined: it doesn't exist any more. */
	read(
		resource: Resource & { id: string; state: Properties; inputs: Properties },
	): Promise<{ state: Properties; inputs: Properties } | undefined>;
	delete(operation: Operation & { id: string; state: Properties }): Promise<void>;
	/** Ends the running operations: each fails with an error that says so. */
	cancel(): Promise<void>;
}

/** The resource exists, but isn't ready: the engine records it, and the next update continues with it. */
export class InitializationError extends RpcError {
	constructor(id: string, state: Properties, reasons: string[], inputs?: Properties) {
		const failed = new messages.ErrorResourceInitFailed();
		failed.setId(id).setProperties(toStruct(state)).setReasonsList(reasons);
		if (inputs) failed.setInputs(toStruct(inputs));
		const detail = new any.Any();
		detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
		const message = reasons[0] ?? "the resource isn't ready";
		const full = new status.Status();
		full.setCode(grpc.status.UNKNOWN).setMessage(message).addDetails(detail);
		const metadata = new grpc.Metadata();
		metadata.set("grpc-status-details-bin", Buffer.from(full.serializeBinary()));
		super(message, grpc.status.UNKNOWN, metadata);
	}
}

const { Kind } = messages.PropertyDiff;
const kinds = {
	add: [Kind.ADD, Kind.ADD_REPLACE],
	delete: [Kind.DELETE, Kind.DELETE_REPLACE],
	update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
} as const;

function differenceMessage({ changes, replaces, deleteBeforeReplace = false }: Difference) {
	const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
	const response = new messages.DiffResponse();
	response.setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE).setHasdetaileddiff(true);
	response.setDiffsList([...new Set(changes.map(({ path }) => String(path[0])))]);
	response.setReplacesList(replaces.map(({ path }) => pathText(path))).setDeletebeforereplace(deleteBeforeReplace);
	for (const change of changes) {
		const [plain, replace] = kinds[change.kind];
		const detail = new messages.PropertyDiff().setInputdiff(true);
		response
			.getDetaileddiffMap()
			.set(pathText(change.path), detail.setKind(replaces.includes(change) ? replace : plain));
	}
	return response;
}

function checkMessage(inputs: Properties, failures: Failure[]) {
	const list = failures.map(({ property, reason }) =>
		new messages.CheckFailure().setProperty(property).setReason(reason),
	);
	return new messages.CheckResponse().setInputs(toStruct(inputs)).setFailuresList(list);
}

interface ResourceRequest {
	getUrn(): string;
	getType(): string;
	getName(): string;
}
interface OperationRequest extends ResourceRequest {
	getTimeout(): number;
	getPreview?(): boolean;
}
const resourceOf = (request: ResourceRequest): Resource => ({
	urn: request.getUrn(),
	type: request.getType(),
	name: request.getName(),
});
const operationOf = (request: OperationRequest): Operation => ({
	...resourceOf(request),
	timeout: request.getTimeout(),
	preview: request.getPreview?.() ?? false,
});

function service(provider: Provider, log: EngineLog): Partial<services.IResourceProviderServer> {
	/** Answers once the engine has received the operation's log. */
	const logged = <Request, Response>(answer: (request: Request) => Promise<Response>) =>
		unary(async (request: Request) => {
			try {
				return await answer(request);
			} finally {
				await log.flush();
			}
		});
	return {
		handshake: unary((request: messages.ProviderHandshakeRequest) => {
			log.connect(request.getEngineAddress());
			return new messages.ProviderHandshakeResponse().setAcceptSecrets(true);
		}),
		getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(provider.version)),
		checkConfig: unary((request: messages.CheckRequest) => {
			const settings = fromStruct(request.getNews());
			return checkMessage(settings, provider.checkConfig(settings));
		}),
		diffConfig: unary((request: messages.DiffRequest) => {
			const old = fromStruct(request.getOldInputs());
			return differenceMessage(provider.diffConfig(old, fromStruct(request.getNews())));
		}),
		configure: logged(async (request: messages.ConfigureRequest) => {
			await provider.configure(fromStruct(request.getArgs()));
			return new messages.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
		}),
		check: unary((request: messages.CheckRequest) => {
			const inputs = fromStruct(request.getNews());
			return checkMessage(inputs, provider.check(resourceOf(request), inputs));
		}),
		diff: unary((request: messages.DiffRequest) => {
			const old = fromStruct(request.getOldInputs());
			return differenceMessage(provider.diff({ ...resourceOf(request), old, now: fromStruct(request.getNews()) }));
		}),
		create: logged(async (request: messages.CreateRequest) => {
			const inputs = fromStruct(request.getProperties());
			const { id, state } = await provider.create({ ...operationOf(request), inputs });
			return new messages.CreateResponse().setId(id).setProperties(toStruct(state));
		}),
		update: logged(async (request: messages.UpdateRequest) => {
			const [state, inputs] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
			const updated = await provider.update({ ...operationOf(request), id: request.getId(), state, inputs });
			return new messages.UpdateResponse().setProperties(toStruct(updated));
		}),
		read: logged(async (request: messages.ReadRequest) => {
			const [state, inputs] = [fromStruct(request.getProperties()), fromStruct(request.getInputs())];
			const found = await provider.read({ ...resourceOf(request), id: request.getId(), state, inputs });
			if (found === undefined) return new messages.ReadResponse();
			const response = new messages.ReadResponse().setId(request.getId());
			return response.setProperties(toStruct(found.state)).setInputs(toStruct(found.inputs));
		}),
		delete: logged(async (request: messages.DeleteRequest) => {
			const state = fromStruct(request.getProperties());
			await provider.delete({ ...operationOf(request), id: request.getId(), state });
			return new empty.Empty();
		}),
		cancel: unary(async () => {
			// The engine waits for the operations, not for this answer.
			void provider.cancel();
			return new empty.Empty();
		}),
	};
}

export const serveProvider = (provider: Provider, log: EngineLog): Promise<void> =>
	serve(services.ResourceProviderService, service(provider, log) as grpc.UntypedServiceImplementation, log, () =>
		provider.cancel(),
	);
