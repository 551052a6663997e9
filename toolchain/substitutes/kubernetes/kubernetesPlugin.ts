/** The built-in substitute for the provider `kubernetes`: it applies the kinds of kinds.ts and waits until they are ready. */
import { randomBytes } from "node:crypto";
import sdk from "@pulumi/kubernetes/package.json" with { type: "json" };
import { changes, touches } from "../protocol/diff.ts";
import { containsUnknown, markSecrets, objectAt, type Properties, withoutSecrets } from "../protocol/properties.ts";
import { InitializationError, type Operation, type Provider, serveProvider } from "../protocol/provider.ts";
import { EngineLog, installOfficial } from "../protocol/serve.ts";
import { failedToInitialize, readinessOf, untilGone, untilReady } from "./awaiting.ts";
import { checkpoint, inputsFromLive, prune } from "./checkpoint.ts";
import { Cluster, idOf, type ObjectRef, refOf, refOfId } from "./cluster.ts";
import { type Kind, kinds } from "./kinds.ts";
import { unsupportedInputs } from "./objectInputs.ts";
import { deletesUnreachable, diffSettings, loadKubeConfig, unsupportedSettings } from "./providerSettings.ts";

/** Until the API server's first answer: a slow cluster must not be taken for a lost one. */
const probeMilliseconds = 10_000;
/** Seconds until an object must be ready, or deleted, unless `customTimeouts` says otherwise. */
const defaultTimeout = 600;

const log = new EngineLog();
const cancelling = new AbortController();
let deleteUnreachable = false;
let cluster: Cluster | undefined;
let unreachable = "the provider is not configured";

/** @throws with the official provider's message if there is no cluster */
function reachable(): Cluster {
	if (cluster === undefined) throw new Error(`configured Kubernetes cluster is unreachable: ${unreachable}`);
	return cluster;
}

function supportedKind(type: string): Kind {
	const kind = kinds.get(type);
	if (kind === undefined) throw new Error(`${type} ${installOfficial}`);
	return kind;
}

const fieldManagerOf = (state: Properties): string =>
	typeof state.__fieldManager === "string"
		? state.__fieldManager
		: `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;

/** Logs what a resource waits for, when that changes. */
function reporter(urn: string): (message: string) => void {
	let shown = "";
	return (message) => {
		if (message !== shown) log.status(urn, message);
		shown = message;
	};
}

/** Applies the object and waits until it is ready; in a preview, only a dry run. */
async function applyAndWait(
	ref: ObjectRef,
	{ urn, timeout, preview, inputs }: Operation & { inputs: Properties },
	fieldManager: string,
	failure: string,
): Promise<Properties> {
	const target = reachable();
	const applied = await target.apply(ref, withoutSecrets(inputs), { fieldManager, dryRun: preview });
	const stateOf = (live: Properties) => checkpoint(live, inputs, ref.kind.apiVersion, fieldManager);
	if (preview) return stateOf(applied);
	const { live, reasons } = await untilReady(target, ref, applied, {
		timeout: timeout || defaultTimeout,
		signal: cancelling.signal,
		report: reporter(urn),
	});
	if (reasons.length === 0) return stateOf(live);
	const [first, ...more] = reasons;
	const message = `${failure} failed to fully initialize or become live: ${first}`;
	throw new InitializationError(idOf(ref), stateOf(live), [message, ...more]);
}

/** @throws unless the user wants resources of an unreachable cluster to be treated as deleted */
function forget(urn: string): void {
	const reason = `configured Kubernetes cluster is unreachable: ${unreachable}`;
	if (!deleteUnreachable) {
		throw new Error(
			`${reason}. If it was deleted, set deleteUnreachable on its Provider to remove its resources from the state`,
		);
	}
	log.warn(urn, reason);
}

const provider: Provider = {
	version: sdk.version,
	checkConfig: unsupportedSettings,
	diffConfig: diffSettings,

	async configure(settings) {
		deleteUnreachable = deletesUnreachable(settings);
		try {
			const candidate = new Cluster(loadKubeConfig(settings));
			await candidate.probe(probeMilliseconds);
			cluster = candidate;
		} catch (error) {
			// Only an error once a call needs the cluster: it may not exist yet, or not any more.
			unreachable = (error as Error).message;
		}
	},

	check({ type }, inputs) {
		const kind = kinds.get(type);
		return kind ? unsupportedInputs(kind, inputs) : [{ property: "", reason: `${type} ${installOfficial}` }];
	},

	diff({ type, old, now }) {
		const all = changes(withoutSecrets(old), withoutSecrets(now));
		const touching = (...paths: string[]) => all.filter((change) => paths.some((path) => touches(change, path)));
		const identity = touching("metadata.name", "metadata.namespace");
		const replaces = touching("metadata.name", "metadata.namespace", ...supportedKind(type).immutable);
		// The new object can only get the name once the old one is deleted.
		return { changes: all, replaces, deleteBeforeReplace: replaces.length > 0 && identity.length === 0 };
	},

	async create(operation) {
		const { urn, type, name, preview, inputs } = operation;
		// The server's defaults are known only after the update.
		if (preview) return { id: "", state: inputs };
		const ref = refOf(supportedKind(type), withoutSecrets(inputs));
		if (await reachable().find(ref)) {
			throw new Error(
				`${ref.kind.kind} ${idOf(ref)} already exists and isn't managed by this stack. Import it (` +
					`pulumi import ${type} ${name} ${idOf(ref)}) or delete it`,
			);
		}
		const failure = `resource "${urn}" was successfully created, but the Kubernetes API server reported that it`;
		return { id: idOf(ref), state: await applyAndWait(ref, operation, fieldManagerOf({}), failure) };
	},

	async update(operation) {
		const { type, preview, inputs, state } = operation;
		if (preview && (cluster === undefined || containsUnknown(inputs))) return inputs;
		const ref = refOf(supportedKind(type), withoutSecrets(inputs));
		const failure = `the Kubernetes API server reported that "${idOf(ref)}"`;
		return applyAndWait(ref, operation, fieldManagerOf(state), failure);
	},

	async read({ urn, type, id, state, inputs }) {
		const kind = supportedKind(type);
		if (cluster === undefined) {
			forget(urn);
			return undefined;
		}
		const ref = refOfId(kind, id);
		const live = await cluster.find(ref);
		if (live === undefined) return undefined;
		const imported = Object.keys(inputs).length === 0;
		const now = imported
			? inputsFromLive(live)
			: markSecrets(prune(live, withoutSecrets(inputs)) as Properties, inputs);
		const fresh = checkpoint(live, now, kind.apiVersion, fieldManagerOf(state));
		if (imported) return { state: fresh, inputs: now };
		const { ready, reasons } = await readinessOf(cluster, ref, live);
		if (!ready) throw new InitializationError(id, fresh, [failedToInitialize(ref), ...reasons], now);
		return { state: fresh, inputs: now };
	},

	async delete({ urn, type, id, state, timeout }) {
		const ref = refOfId(supportedKind(type), id);
		if (cluster === undefined) return forget(urn);
		const live = await cluster.find(ref);
		if (live === undefined) return;
		const [{ uid }, made] = [objectAt(live, "metadata"), objectAt(state, "metadata")];
		// Someone else has created another object with this name.
		if (made.uid !== undefined && made.uid !== uid) return;
		await cluster.delete(ref);
		await untilGone(cluster, ref, uid, {
			timeout: timeout || defaultTimeout,
			signal: cancelling.signal,
			report: reporter(urn),
		});
	},

	cancel: async () => cancelling.abort(),
};

void serveProvider(provider, log);
