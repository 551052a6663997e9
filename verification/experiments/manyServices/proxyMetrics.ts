/** What kube-proxy measures of itself: http://127.0.0.1:10249/metrics, in Prometheus' text format. */
import type { Runner } from "../../../kubernetes/clients.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { Family } from "../../../netfilter/model.ts";
import { outputOf } from "../../nodeRules/ruleOutputs.ts";

export interface ProxyMetrics {
	/** Rounds that wrote all rules, and their seconds together. */
	full: Syncs;
	/** Rounds that wrote the rules of what had changed. */
	partial: Syncs;
	/** Changes of Services and EndpointSlices that the rules don't contain yet. */
	pending: number;
	/** Resident memory of the process, in bytes. */
	memory: number;
}

export interface Syncs {
	rounds: number;
	seconds: number;
}

/** Of one round; NaN if there was none. */
export const secondsPerRound = ({ rounds, seconds }: Syncs): number => (rounds === 0 ? Number.NaN : seconds / rounds);

export const between = (before: Syncs, after: Syncs): Syncs => ({
	rounds: after.rounds - before.rounds,
	seconds: after.seconds - before.seconds,
});

const url = "http://127.0.0.1:10249/metrics";

/** @param on runs a program in the node's network @throws if kube-proxy doesn't answer */
export const readProxyMetrics = async (cluster: Cluster, on: Runner, family: Family): Promise<ProxyMetrics> =>
	parseProxyMetrics(await outputOf(cluster, on, ["curl", "--silent", "--show-error", "--fail", url]), family);

/** @throws if the text has no figures of kube-proxy: it isn't its metrics */
export function parseProxyMetrics(text: string, family: Family): ProxyMetrics {
	const syncs = (kind: "full" | "partial"): Syncs => {
		const name = `kubeproxy_sync_${kind}_proxy_rules_duration_seconds`;
		return { rounds: sumOf(text, `${name}_count`, family), seconds: sumOf(text, `${name}_sum`, family) };
	};
	const pending = ["endpoint", "service"].map((what) => `kubeproxy_sync_proxy_rules_${what}_changes_pending`);
	const memory = sumOf(text, "process_resident_memory_bytes", family);
	if (memory === 0) throw new Error(`${url} has no process_resident_memory_bytes: it isn't kube-proxy's`);
	return {
		full: syncs("full"),
		partial: syncs("partial"),
		pending: pending.reduce((sum, name) => sum + sumOf(text, name, family), 0),
		memory,
	};
}

/** One kube-proxy serves both address families and counts each by the label ip_family, which older versions lack. */
function sumOf(text: string, name: string, family: Family): number {
	const samples = text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, "gm"));
	return [...samples].reduce((sum, [, labels = "", value]) => {
		const own = /ip_family="IPv([46])"/.exec(labels)?.[1];
		return own === undefined || `ipv${own}` === family ? sum + Number(value) : sum;
	}, 0);
}
