/** The kernel settings by which a node drops packets, or doesn't show them to its rules. */
import type { Address } from "../address.ts";
import type { Family, KernelSetting } from "../model.ts";

export const bridgeSetting = (family: Family): string =>
	`net.bridge.bridge-nf-call-${family === "ipv4" ? "iptables" : "ip6tables"}`;

export class KernelSettings {
	private readonly values: Readonly<Record<string, string>>;

	/** @param values by name, such as "net.ipv4.ip_forward" */
	constructor(values: Readonly<Record<string, string>>) {
		this.values = values;
	}

	/** The setting that makes the kernel drop forwarded packets; undefined: it isn't known to be off. */
	forwardingIsOff(family: Family): KernelSetting | undefined {
		const name = family === "ipv4" ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
		return this.values[name] === "0" ? { name, value: "0", required: "1" } : undefined;
	}

	/** The setting by which the kernel refuses loopback addresses on another interface. */
	localnetIsOff(address: Address | undefined, interfaceName: string | undefined): KernelSetting | undefined {
		if (address?.kind() !== "ipv4" || address.range() !== "loopback") return undefined;
		if (interfaceName === undefined || interfaceName === "lo") return undefined;
		const name = `net.ipv4.conf.${interfaceName}.route_localnet`;
		return this.effective("route_localnet", interfaceName) === 0 ? { name, value: "0", required: "1" } : undefined;
	}

	/** Whether the kernel drops what comes by another interface than the route back; loose filtering accepts it. */
	filtersReversePath(interfaceName: string): KernelSetting | undefined {
		const name = `net.ipv4.conf.${interfaceName}.rp_filter`;
		return this.effective("rp_filter", interfaceName) === 1 ? { name, value: "1", required: "2" } : undefined;
	}

	/** The setting by which rules don't see what a bridge forwards between its ports. */
	bridgeIsHidden(family: Family): KernelSetting | undefined {
		const name = bridgeSetting(family);
		return this.values[name] === "0" ? { name, value: "0", required: "1" } : undefined;
	}

	/** undefined: unknown. */
	valueOf(name: string): string | undefined {
		return this.values[name];
	}

	/** The higher value of "all" and the interface counts (IN_DEV_MAXCONF in linux/inetdevice.h; IN_DEV_ORCONF alike). */
	private effective(setting: string, name: string): number | undefined {
		const values = ["all", name].map((one) => this.values[`net.ipv4.conf.${one}.${setting}`]);
		return values.includes(undefined) ? undefined : Math.max(...values.map(Number));
	}
}
