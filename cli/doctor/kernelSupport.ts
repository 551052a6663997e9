/** Whether the kernel knows what kube-proxy's rules need: tried, as a module may be loaded only when it is asked for. */
import { execa } from "execa";
import type { KubeProxyMode } from "../../config/clusterShape.ts";
import type { LabConfig } from "../../config/labConfig.ts";
import { images } from "../../toolchain/images/context.ts";
import { findPrograms, systemPath } from "../../toolchain/path.ts";
import { asRoot } from "../../toolchain/setupError.ts";
import { isAtLeast, parseVersion, type Version } from "../../toolchain/version.ts";
import { type EngineState, isHere } from "./engineCheck.ts";
import type { Finding } from "./finding.ts";
import { lastLine, rulesOf, triesOf } from "./kernelRules.ts";

export interface Tried {
	/** What was said of the rules that were refused, by their names. */
	refused: Map<string, string>;
	/** Whether the match nfacct is known. */
	nfacct: boolean;
	/** Whether the kernel has the subsystem that it counts in; undefined where its configuration cannot be read. */
	accounting?: boolean;
}

/** Reads what the script of triesOf prints; undefined where that did not run to its end. */
export function readTried(text: string): Tried | undefined {
	const lines = text.trimEnd().split("\n");
	if (lines.pop() !== lastLine) return undefined;
	const said = new Map(lines.map((line) => line.split("\t") as [string, string]));
	const [nfacct = "", accounting = ""] = [said.get("nfacct"), said.get("NETLINK_ACCT")];
	const refused = [...said].filter(([name, why]) => why !== "" && name !== "nfacct" && name !== "NETLINK_ACCT");
	return {
		refused: new Map(refused),
		nfacct: !/missing kernel module|couldn't load match/i.test(nfacct),
		...(accounting !== "" && { accounting: /=[ym]$/.test(accounting) }),
	};
}

/** Tries the rules on this machine or in a container of the lab's. @returns why they could not be tried, else what came of it */
export async function tryRules(state: EngineState, mode: KubeProxyMode): Promise<Tried | string> {
	const said: string[] = [];
	for (const [file = "", ...args] of waysToTry(state, mode)) {
		const options = { input: triesOf(mode), reject: false, timeout: 10_000, env: { PATH: systemPath() } } as const;
		const { stdout, stderr, shortMessage } = await execa(file, args, options);
		const tried = readTried(stdout);
		if (tried) return tried;
		said.push(stderr.trim() || (shortMessage ?? `${file} ended early`));
	}
	return said.join("; ") || "that takes root with unshare and iptables, or the image that set-up builds";
}

function waysToTry(state: EngineState, mode: KubeProxyMode): string[][] {
	const needed = ["unshare", "iptables-nft", ...(mode === "nftables" ? ["nft"] : [])];
	const onHost = isHere(state) && process.getuid?.() === 0 && needed.every((name) => findPrograms(name).length > 0);
	const bounds = ["--rm", "--interactive", "--pull=never", "--network=none", "--cap-add=NET_ADMIN"];
	return [
		...(onHost ? [["unshare", "--net", "sh"]] : []),
		...("engine" in state ? [["docker", "run", ...bounds, images.dnsutils, "sh"]] : []),
	];
}

/** @param tried a text says why the rules could not be tried */
export function judgeRules(tried: Tried | string, { kubeProxyMode, sessionAffinity }: Wanted): Finding {
	const subject = "kernel rules";
	if (typeof tried === "string") {
		const found = `what kube-proxy's ${kubeProxyMode} mode writes could not be tried yet: ${tried}`;
		return { subject, level: "warning", found, fix: "npm run setup && npm run doctor" };
	}
	const refused = rulesOf(kubeProxyMode).filter(({ name }) => tried.refused.has(name));
	const all = rulesOf(kubeProxyMode).map(({ name }) => name);
	if (refused.length === 0) return { subject, level: "ok", found: `the kernel takes ${all.join(", ")}` };
	const needed = refused.filter(({ onlyAffinity }) => !onlyAffinity || sessionAffinity === "ClientIP");
	const names = refused.map(({ name }) => `${name} (${tried.refused.get(name)})`).join(", ");
	const missing = `the kernel refuses ${names}${needed.length > 0 ? "" : ", which only sessionAffinity ClientIP needs"}`;
	const modules = [...new Set(refused.map(({ module }) => module))].join(" ");
	return {
		subject,
		level: needed.length > 0 ? "stop" : "warning",
		found: `${missing}; where it has no module for that, the lab needs another kernel`,
		fix: asRoot(`modprobe --all ${modules}`),
	};
}

type Wanted = Pick<LabConfig, "kubeProxyMode" | "sessionAffinity">;

/**
 * kube-proxy counts by nfacct wherever the kernel has that subsystem, and never asks for the match: without it, all its
 * rules are refused at once. https://github.com/kubernetes/kubernetes/issues/142068
 */
export function judgeAccounting({ nfacct, accounting }: Tried): Finding {
	const subject = "kernel nfacct";
	if (nfacct) return { subject, level: "ok", found: "the kernel has the match with which kube-proxy counts" };
	if (accounting === false)
		return { subject, level: "ok", found: "the kernel has no NETLINK_ACCT, so kube-proxy does not count" };
	const fix = `${asRoot("modprobe xt_nfacct")} || pulumi config set kubeProxyMode nftables`;
	const effect = "kube-proxy can write no rule at all in iptables mode (kubernetes#142068)";
	if (accounting) {
		return { subject, level: "stop", found: `the kernel has NETLINK_ACCT without the match nfacct: ${effect}`, fix };
	}
	return {
		subject,
		level: "warning",
		found: `the kernel lacks the match nfacct; if it has NETLINK_ACCT, which its configuration does not tell, ${effect}`,
		fix,
	};
}

/** NFTablesKubeProxyKernelVersion in pkg/util/kernel/constants.go of Kubernetes 1.36. */
const nftablesSince: Version = [5, 13, 0];

/** In nftables mode kube-proxy does not start on a kernel that is older. */
export function judgeKernelVersion(kernel: string): Finding {
	const subject = "kernel version";
	const needed = `kube-proxy's nftables mode needs ${nftablesSince.slice(0, 2).join(".")} or newer`;
	const found = `${kernel}; ${needed}`;
	const version = parseVersion(kernel);
	if (version && isAtLeast(version, nftablesSince)) return { subject, level: "ok", found };
	return { subject, level: "stop", found, fix: "pulumi config set kubeProxyMode iptables" };
}
