/** Stand-in for the provider `kubernetes`: the kinds of kinds.ts, by server-side apply, awaited until they are ready. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import sdk from "@pulumi/kubernetes/package.json" with { type: "json" };
import { changes, touches } from "../protocol/diff.ts";
import { containsUnknown, markSecrets, objectAt, type Properties, withoutSecrets } from "../protocol/properties.ts";
import { HalfMade, type Operation, type Provider, serveProvider } from "../protocol/provider.ts";
import { EngineLog, installOfficial } from "../protocol/serve.ts";
import { readinessOf, untilGone, untilReady } from "./awaiting.ts";
import { checkInputs, isAutonamed } from "./check.ts";
import { ApiError, Cluster, idOf, isNotFound, type ObjectRef, refOf, refOfId } from "./cluster.ts";
import { type Kind, kindOf } from "./kinds.ts";
import { diffSettings, loadKubeConfig, readSettings, unsupportedSettings } from "./settings.ts";
import { checkpoint, inputsFromLive, prune } from "./state.ts";

/** Longest wait for the API server's first answer: one that is only slow must not be taken for a lost cluster. */
const probeMilliseconds = 10_000;
/** Seconds until an object must be ready, or gone, unless `customTimeouts` says otherwise. */
const defaultTimeout = 600;

const log = new EngineLog();
const cancelling = new AbortController();
let settings = readSettings({});
let defaultNamespace = "default";
let cluster: Cluster | undefined;
let unreachable = "the provider is not configured";

/** @throws the reason, in the official provider's words, when there is no cluster to talk to */
function reachable(): Cluster {
	if (cluster === undefined) throw new Error(`configured Kubernetes cluster is unreachable: ${unreachable}`);
	return cluster;
}

function supportedKind(type: string): Kind {
	const kind = kindOf(type);
	if (kind === undefined) throw new Error(`${type} ${installOfficial}`);
	return kind;
}

const fieldManagerOf = (state: Properties): string =>
	typeof state.__fieldManager === "string"
		? state.__fieldManager
		: `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;

/** Shows what a resource waits for, when it changes. */
function reporter(urn: string): (message: string) => void {
	let shown = "";
	return (message) => {
		if (message !== shown) log.status(urn, message);
		shown = message;
	};
}

/** Applies, and waits until the object is ready; in a preview the API server only says what would become of it. */
async function applyAndWait(
	ref: ObjectRef,
	{ urn, timeout, preview, inputs }: Operation & { inputs: Properties },
	fieldManager: string,
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
	throw new HalfMade(idOf(ref), stateOf(live), [`${ref.kind.kind} ${idOf(ref)} exists, but: ${first}`, ...more]);
}

/** Programs may create a Namespace beside what goes into it: its absence is only an error when it lasts. */
async function withNamespace<T>(action: () => Promise<T>): Promise<T> {
	for (const seconds of [1, 2, 4]) {
		try {
			return await action();
		} catch (error) {
			if (!isNotFound(error) || cancelling.signal.aborted) throw error;
			await sleep(seconds * 1000);
		}
	}
	return action();
}

/** Where the API server cannot say beforehand what a creation would lead to, the update itself will. */
const isUnforeseeable = (error: unknown): boolean => error instanceof ApiError && [403, 404].includes(error.status);

const provider: Provider = {
	version: sdk.version,
	checkConfig: unsupportedSettings,
	diffConfig: diffSettings,

	async configure(properties) {
		settings = readSettings(properties);
		try {
			const config = loadKubeConfig(settings);
			const context = config.getContextObject(config.getCurrentContext());
			defaultNamespace = settings.namespace ?? context?.namespace ?? "default";
			const candidate = new Cluster(config);
			await candidate.probe(probeMilliseconds);
			cluster = candidate;
		} catch (error) {
			// No fault as long as nothing is asked of the cluster: it may be about to be made, or gone for good.
			unreachable = (error as Error).message;
		}
	},

	async check({ urn, type, name, old, inputs, seed }) {
		if (cluster === undefined && settings.skipUpdateUnreachable && Object.keys(old).length > 0) {
			log.warn(urn, `the cluster is unreachable (${unreachable}): the resource stays as it is`);
			return { inputs: old, failures: [] };
		}
		const kind = kindOf(type);
		if (kind === undefined) return { inputs, failures: [{ property: "", reason: `${type} ${installOfficial}` }] };
		return checkInputs(kind, { name, old, inputs, seed, defaultNamespace });
	},

	diff({ type, old, now }) {
		const wanted = withoutSecrets(now);
		const all = changes(withoutSecrets(old), wanted);
		const touching = (...paths: string[]) => all.filter((change) => paths.some((path) => touches(change, path)));
		const identity = touching("metadata.name", "metadata.namespace");
		const replaces = touching("metadata.name", "metadata.namespace", ...supportedKind(type).immutable);
		// A name that the user gave can only be taken again once the old object is gone.
		const sameName = identity.length === 0 && !isAutonamed(wanted);
		return { changes: all, replaces, deleteBeforeReplace: replaces.length > 0 && sameName };
	},

	async create(operation) {
		const { type, preview, inputs } = operation;
		const foreseen = { id: "", state: inputs };
		if (preview && (cluster === undefined || containsUnknown(inputs))) return foreseen;
		const target = reachable();
		const ref = refOf(supportedKind(type), withoutSecrets(inputs));
		if (await target.find(ref)) {
			// In a preview it may be the very object that the update is to replace.
			if (preview) return foreseen;
			throw new Error(
				`${ref.kind.kind} ${idOf(ref)} already exists, and this stack does not manage it. Take it over by ` +
					`pulumi import ${type} ${operation.name} ${idOf(ref)}, or delete it`,
			);
		}
		const apply = () => applyAndWait(ref, operation, fieldManagerOf({}));
		if (!preview) return { id: idOf(ref), state: await withNamespace(apply) };
		try {
			// A status that the dry run makes up would be taken for a known one.
			const { status, ...state } = await apply();
			return { id: "", state };
		} catch (error) {
			if (isUnforeseeable(error)) return foreseen;
			throw error;
		}
	},

	async update(operation) {
		const { type, preview, inputs, state } = operation;
		if (preview && (cluster === undefined || containsUnknown(inputs))) return inputs;
		const ref = refOf(supportedKind(type), withoutSecrets(inputs));
		return applyAndWait(ref, operation, fieldManagerOf(state));
	},

	async read({ urn, type, id, state, inputs }) {
		const kind = supportedKind(type);
		if (cluster === undefined) {
			log.warn(urn, `configured Kubernetes cluster is unreachable: ${unreachable}`);
			if (settings.deleteUnreachable) return undefined;
			if (settings.skipUpdateUnreachable) return { state, inputs };
			throw new Error(`cannot read ${kind.kind} ${id}: its cluster is unreachable. ${ifClusterIsGone}`);
		}
		const ref = refOfId(kind, id);
		const live = await cluster.find(ref);
		if (live === undefined) return undefined;
		const imported = Object.keys(inputs).length === 0;
		const now = imported
			? inputsFromLive(live)
			: markSecrets(prune(live, withoutSecrets(inputs)) as Properties, inputs);
		const fresh = checkpoint(live, now, kind.apiVersion, fieldManagerOf(state));
		const { ready, reasons } = imported ? { ready: true, reasons: [] } : await readinessOf(cluster, ref, live);
		if (!ready) throw new HalfMade(id, fresh, reasons, now);
		return { state: fresh, inputs: now };
	},

	async delete({ urn, type, id, timeout }) {
		const ref = refOfId(supportedKind(type), id);
		if (cluster === undefined) {
			log.warn(urn, `configured Kubernetes cluster is unreachable: ${unreachable}`);
			if (settings.deleteUnreachable) return;
			throw new Error(`cannot delete ${ref.kind.kind} ${id}: its cluster is unreachable. ${ifClusterIsGone}`);
		}
		const live = await cluster.find(ref);
		if (live === undefined) return;
		await cluster.delete(ref);
		await untilGone(cluster, ref, objectAt(live, "metadata").uid, {
			timeout: timeout || defaultTimeout,
			signal: cancelling.signal,
			report: reporter(urn),
		});
	},

	cancel: async () => cancelling.abort(),
};

const ifClusterIsGone =
	"If it was deleted for good, run the same command again with PULUMI_K8S_DELETE_UNREACHABLE=true to forget what was in it";

void serveProvider(provider, log);
