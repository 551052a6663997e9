/** Starts and calls a bundled provider as the engine does. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import { afterAll, beforeAll } from "vitest";
import { buildSubstitutes, type Substitute } from "../../../../toolchain/substitutes/build.ts";
import { fromStruct, type Properties, toStruct } from "../../../../toolchain/substitutes/protocol/properties.ts";

/** Builds one substitute for the tests of a file. @returns its path */
export function builtSubstitute(name: Substitute): () => string {
	const folder = mkdtempSync(join(tmpdir(), "nodeport-lab-substitutes-"));
	let executable: string | undefined;
	beforeAll(async () => {
		executable = (await buildSubstitutes(folder, [name]))[name];
	});
	afterAll(() => rmSync(folder, { recursive: true }));
	return () => String(executable);
}

type Method<Request, Response> = (
	request: Request,
	callback: (error: grpc.ServiceError | null, response: Response) => void,
) => unknown;

export interface Target {
	type: string;
	/** @default "res" */
	name?: string;
}

interface Addressed {
	setUrn(urn: string): unknown;
	setType(type: string): unknown;
	setName(name: string): unknown;
}
function address<Request extends Addressed>(request: Request, { type, name = "res" }: Target): Request {
	request.setUrn(`urn:pulumi:dev::test::${type}::${name}`);
	request.setType(type);
	request.setName(name);
	return request;
}

/** Starts a plugin for an engine at that address and connects to it. */
export async function launch<Client extends grpc.Client>(
	executable: string,
	ClientOf: new (address: string, credentials: grpc.ChannelCredentials) => Client,
	engine = "127.0.0.1:1",
) {
	const process = spawn(executable, ["--tracing", "nowhere", engine], { stdio: ["pipe", "pipe", "inherit"] });
	const { value: port } = await createInterface(process.stdout)[Symbol.asyncIterator]().next();
	const client = new ClientOf(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
	return {
		client,
		call: <Request, Response>(method: Method<Request, Response>, request: Request): Promise<Response> =>
			new Promise((resolve, reject) =>
				method.call(client, request, (error, response) => (error ? reject(error) : resolve(response))),
			),

		/** Closes its stdin, as when the engine ends. */
		async stop(): Promise<number | null> {
			client.close();
			const exited = new Promise<number | null>((resolve) => process.on("exit", resolve));
			process.stdin.end();
			return exited;
		},
	};
}

export async function startPlugin(executable: string) {
	const launched = await launch(executable, services.ResourceProviderClient);
	const { client, call } = launched;
	return {
		...launched,

		async configure(settings: Properties): Promise<void> {
			const request = new messages.ConfigureRequest().setArgs(toStruct(settings));
			await call<messages.ConfigureRequest, messages.ConfigureResponse>(client.configure, request);
		},

		async check(target: Target, news: Properties) {
			const request = address(new messages.CheckRequest(), target).setNews(toStruct(news));
			const response = await call<messages.CheckRequest, messages.CheckResponse>(client.check, request);
			const reasons = response.getFailuresList().map((failure) => failure.getReason());
			return { inputs: fromStruct(response.getInputs()), reasons };
		},

		async diff(target: Target, old: Properties, now: Properties) {
			const request = address(new messages.DiffRequest(), target);
			request.setOldInputs(toStruct(old)).setNews(toStruct(now));
			const response = await call<messages.DiffRequest, messages.DiffResponse>(client.diff, request);
			const details: Record<string, number> = {};
			response.getDetaileddiffMap().forEach((detail: messages.PropertyDiff, path: string) => {
				details[path] = detail.getKind();
			});
			return { details, replaces: response.getReplacesList(), deleteFirst: response.getDeletebeforereplace() };
		},

		async create(target: Target, inputs: Properties, { preview = false, timeout = 0 } = {}) {
			const request = address(new messages.CreateRequest(), target).setProperties(toStruct(inputs));
			request.setPreview(preview).setTimeout(timeout);
			const response = await call<messages.CreateRequest, messages.CreateResponse>(client.create, request);
			return { id: response.getId(), state: fromStruct(response.getProperties()) };
		},

		async update(target: Target, id: string, state: Properties, inputs: Properties, { preview = false } = {}) {
			const request = address(new messages.UpdateRequest(), target).setId(id).setPreview(preview);
			request.setOlds(toStruct(state)).setNews(toStruct(inputs));
			const response = await call<messages.UpdateRequest, messages.UpdateResponse>(client.update, request);
			return fromStruct(response.getProperties());
		},

		async read(target: Target, id: string, state: Properties = {}, inputs: Properties = {}) {
			const request = address(new messages.ReadRequest(), target).setId(id);
			request.setProperties(toStruct(state)).setInputs(toStruct(inputs));
			const response = await call<messages.ReadRequest, messages.ReadResponse>(client.read, request);
			const [found, known] = [fromStruct(response.getProperties()), fromStruct(response.getInputs())];
			return { id: response.getId(), state: found, inputs: known };
		},

		async remove(target: Target, id: string, state: Properties = {}): Promise<void> {
			const request = address(new messages.DeleteRequest(), target).setId(id).setProperties(toStruct(state));
			await call<messages.DeleteRequest, unknown>(client.delete, request);
		},
	};
}

export type Plugin = Awaited<ReturnType<typeof startPlugin>>;
