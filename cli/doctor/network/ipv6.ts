/** Whether nodes can have IPv6 addresses. */
import { readFile } from "node:fs/promises";
import type { IpFamily } from "../../../config/clusterShape.ts";
import { asRoot } from "../../../toolchain/setupError.ts";
import type { Finding } from "../finding.ts";
import { isKindNetwork, type Network } from "./networks.ts";

/** IPv6 on this machine: absent from its kernel, disabled by a sysctl, or enabled. */
export type HostIpv6 = "absent" | "disabled" | "enabled";

/** @param file of the sysctl; tests pass another one */
export async function readHostIpv6(file = "/proc/sys/net/ipv6/conf/all/disable_ipv6"): Promise<HostIpv6> {
	try {
		return (await readFile(file, "utf8")).trim() === "0" ? "enabled" : "disabled";
	} catch {
		return "absent";
	}
}

/**
 * kind creates its network with IPv6 if the engine can, else without, and a cluster with IPv6 then fails.
 * @param host undefined if the engine runs on another machine
 */
export function judgeIpv6(ipFamily: IpFamily, host: HostIpv6 | undefined, networks: Network[]): Finding {
	const subject = "IPv6";
	const stop = (found: string, fix: string): Finding => ({
		subject,
		level: "stop",
		found: `${found}, which ipFamily ${ipFamily} needs`,
		fix: `${fix} || pulumi config set ipFamily ipv4`,
	});
	if (host === "absent") {
		const found = "the kernel has no IPv6 (if its command line has ipv6.disable=1, remove that and restart)";
		return stop(found, asRoot("modprobe ipv6"));
	}
	if (host === "disabled")
		return stop("this machine has IPv6 disabled", asRoot("sysctl net.ipv6.conf.all.disable_ipv6=0"));
	const kind = networks.find(isKindNetwork);
	if (kind?.lacksIpv6) {
		const found = `the ${kind.name} has no IPv6 (kind creates it again, with IPv6, once no cluster uses it)`;
		return stop(found, "docker network rm kind");
	}
	return { subject, level: "ok", found: kind ? `the ${kind.name} has IPv6` : "enabled" };
}
