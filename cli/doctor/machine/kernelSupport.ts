/** Whether the kernel takes kube-proxy's rules. They are tried, because a kernel loads some modules only on demand. */
import { execa } from "execa";
import type { LabConfig } from "../../../config/labConfig.ts";
import { images } from "../../../toolchain/images/context.ts";
import { findPrograms, systemPath } from "../../../toolchain/path.ts";
import { asRoot } from "../../../toolchain/setupError.ts";
import { isAtLeast, parseVersion, type Version } from "../../../toolchain/version.ts";
import { type EngineState, isHere } from "../engine/engineState.ts";
import type { Finding } from "../finding.ts";
import { lastLine, type RuleShape, trialRules, trialScript } from "./ruleTrials.ts";

export interface Tried {
	/** The error of each refused rule, by its name. */
	refused: Map<string, string>;
	/** iptables and the kernel have the match nfacct. */
	nfacct: boolean;
	/** The kernel has the subsystem that nfacct counts in; undefined if its configuration can't be read. */
	accounting?: boolean;
}

/** Parses the output of `trialScript`; undefined if the script didn't run to its end. */
export function readTried(text: string): Tried | undefined {
	const lines = text.trimEnd().split("\n");
	if (lines.pop() !== lastLine) return undefined;
	const results = new Map(lines.map((line) => line.split("\t") as [string, string]));
	const [nfacct = "", accounting = ""] = [results.get("nfacct"), results.get("NETLINK_ACCT")];
	const refused = [...results].filter(([name, error]) => error !== "" && name !== "nfacct" && name !== "NETLINK_ACCT");
	return {
		refused: new Map(refused),
		nfacct: !/missing kernel module|couldn't load match/i.test(nfacct),
		...(accounting !== "" && { accounting: /=[ym]$/.test(accounting) }),
	};
}

/** Tries the rules on this machine or in a container. @returns a string with the reason if that isn't possible */
export async function tryRules(state: EngineState, shape: RuleShape): Promise<Tried | string> {
	const errors: string[] = [];
	for (const [file = "", ...args] of trialShells(state, shape)) {
		const options = { input: trialScript(shape), reject: false, timeout: 10_000, env: { PATH: systemPath() } } as const;
		const { stdout, stderr, shortMessage } = await execa(file, args, options);
		const tried = readTried(stdout);
		if (tried) return tried;
		errors.push(stderr.trim() || (shortMessage ?? `${file} ended early`));
	}
	return errors.join("; ") || "that needs root with unshare and iptables, or the image that set-up builds";
}

function trialShells(state: EngineState, shape: RuleShape): string[][] {
	const needed = [
		"unshare",
		"iptables-nft",
		...new Set(trialRules(shape).map(({ command: [program = ""] }) => program)),
	];
	const onHost = isHere(state) && process.getuid?.() === 0 && needed.every((name) => findPrograms(name).length > 0);
	const bounds = ["--rm", "--interactive", "--pull=never", "--network=none", "--cap-add=NET_ADMIN"];
	return [
		...(onHost ? [["unshare", "--net", "sh"]] : []),
		...("engine" in state ? [["docker", "run", ...bounds, images.dnsutils, "sh"]] : []),
	];
}

/** @param tried a string says why the rules could not be tried */
export function judgeRules(tried: Tried | string, wanted: Wanted, rootless = false): Finding {
	const subject = "kernel rules";
	const { kubeProxyMode, sessionAffinity } = wanted;
	if (typeof tried === "string") {
		const found = `the rules of kube-proxy's ${kubeProxyMode} mode could not be tried yet: ${tried}`;
		return { subject, level: "warning", found, fix: "npm run setup && npm run doctor", automatic: true };
	}
	const refused = trialRules(wanted).filter(({ name }) => tried.refused.has(name));
	const all = trialRules(wanted).map(({ name }) => name);
	if (refused.length === 0) return { subject, level: "ok", found: `the kernel accepts ${all.join(", ")}` };
	const needed = refused.filter(({ onlyAffinity }) => !onlyAffinity || sessionAffinity === "ClientIP");
	const names = refused.map(({ name }) => `${name} (${tried.refused.get(name)})`).join(", ");
	const missing = `the kernel refuses ${names}${needed.length > 0 ? "" : ", which only sessionAffinity ClientIP needs"}`;
	const modules = [...new Set(refused.map(({ module }) => module))].join(" ");
	return {
		subject,
		level: needed.length > 0 ? "stop" : "warning",
		found: `${missing}; if the module doesn't exist, use another kernel`,
		fix: loadModules(modules, rootless),
	};
}

/** Rootless Docker can't load modules, so they are loaded at each boot: https://kind.sigs.k8s.io/docs/user/rootless/ */
const loadModules = (modules: string, rootless: boolean): string => {
	if (!rootless) return asRoot(`modprobe --all ${modules}`);
	const atBoot = `printf '%s\\n' ${modules} | sudo tee /etc/modules-load.d/nodeport-lab.conf`;
	return `${atBoot} && sudo modprobe --all ${modules}`;
};

type Wanted = RuleShape & Pick<LabConfig, "sessionAffinity">;

/**
 * If the kernel has the subsystem, kube-proxy uses nfacct without checking for the match: without the match, the kernel
 * refuses all rules at once. https://github.com/kubernetes/kubernetes/issues/142068
 */
export function judgeAccounting({ nfacct, accounting }: Tried): Finding {
	const subject = "kernel nfacct";
	if (nfacct) return { subject, level: "ok", found: "the kernel has the nfacct match that kube-proxy uses" };
	if (accounting === false) return { subject, level: "ok", found: "no NETLINK_ACCT: kube-proxy doesn't use nfacct" };
	const fix = `${asRoot("modprobe xt_nfacct")} || pulumi config set kubeProxyMode nftables`;
	const effect = "kube-proxy can't write any rule in iptables mode (kubernetes#142068)";
	if (accounting) {
		return { subject, level: "stop", found: `the kernel has NETLINK_ACCT but not the match nfacct: ${effect}`, fix };
	}
	return {
		subject,
		level: "warning",
		found: `the kernel lacks the match nfacct; if it has NETLINK_ACCT (its configuration can't be read), ${effect}`,
		fix,
	};
}

/** NFTablesKubeProxyKernelVersion in pkg/util/kernel/constants.go of Kubernetes 1.36. */
const nftablesSince: Version = [5, 13, 0];

/** In nftables mode kube-proxy doesn't start on an older kernel. */
export function judgeKernelVersion(kernel: string): Finding {
	const subject = "kernel version";
	const needed = `kube-proxy's nftables mode needs ${nftablesSince.slice(0, 2).join(".")} or newer`;
	const found = `${kernel}; ${needed}`;
	const version = parseVersion(kernel);
	if (version && isAtLeast(version, nftablesSince)) return { subject, level: "ok", found };
	return { subject, level: "stop", found, fix: "pulumi config set kubeProxyMode iptables" };
}
