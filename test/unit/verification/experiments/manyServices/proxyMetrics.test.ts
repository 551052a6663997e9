import { expect, it } from "vitest";
import {
	between,
	parseProxyMetrics,
	secondsPerRound,
} from "../../../../../verification/experiments/manyServices/proxyMetrics.ts";

const full = "kubeproxy_sync_full_proxy_rules_duration_seconds";
const partial = "kubeproxy_sync_partial_proxy_rules_duration_seconds";
const pending = ["endpoint", "service"].map((what) => `kubeproxy_sync_proxy_rules_${what}_changes_pending`);
const memory = "process_resident_memory_bytes 6.5888256e+07";

const text = `# HELP ${full} [ALPHA] SyncProxyRules latency in seconds for full resyncs
# TYPE ${full} histogram
${full}_bucket{ip_family="IPv4",le="0.001"} 0
${full}_sum{ip_family="IPv4"} 0.25
${full}_count{ip_family="IPv4"} 1
${full}_sum{ip_family="IPv6"} 0.5
${full}_count{ip_family="IPv6"} 2
${partial}_sum{ip_family="IPv4"} 0.03
${partial}_count{ip_family="IPv4"} 3
${pending[0]} 4
${pending[1]} 1
${memory}
`;

it("reads the rounds of one address family, the pending changes and the memory", () => {
	expect(parseProxyMetrics(text, "ipv4")).toEqual({
		full: { rounds: 1, seconds: 0.25 },
		partial: { rounds: 3, seconds: 0.03 },
		pending: 5,
		memory: 65888256,
	});
	expect(parseProxyMetrics(text, "ipv6").full).toEqual({ rounds: 2, seconds: 0.5 });
});

it("reads metrics of versions that don't count the address families separately", () => {
	const older = `${full}_sum 0.25\n${full}_count 1\n${memory}\n`;
	expect(parseProxyMetrics(older, "ipv6").full).toEqual({ rounds: 1, seconds: 0.25 });
});

it("refuses a text that isn't a process's metrics", () => {
	expect(() => parseProxyMetrics("<html></html>", "ipv4")).toThrow("has no process_resident_memory_bytes");
});

it("averages the rounds between two readings", () => {
	const [before, after] = [
		{ rounds: 2, seconds: 1 },
		{ rounds: 6, seconds: 3 },
	];
	expect(secondsPerRound(between(before, after))).toBe(0.5);
	expect(secondsPerRound(between(before, before))).toBeNaN();
});
