/** What the kernel's match `recent` remembers: kube-proxy's session affinity in iptables mode. */
import { parseAddress } from "../address.ts";

/**
 * Prints every list with its entries, "KUBE-SEP-… src=10.244.3.2 ttl: 64 last_seen: …". Only a shell's own commands: the
 * image of kube-proxy has no others for certain. Source of the format: recent_seq_show in net/netfilter/xt_recent.c.
 */
export const printRecent = [
	"sh",
	"-c",
	`for list in /proc/net/xt_recent/*; do
		[ -e "$list" ] || continue
		while read -r entry; do echo "\${list##*/} $entry"; done < "$list"
	done`,
];

/** The names of the lists that hold each address. What has aged stays in a list until a packet of it passes. */
export function parseRecent(text: string): Map<string, string[]> {
	const lists = new Map<string, string[]>();
	for (const [, list = "", written = ""] of text.matchAll(/^(\S+) src=(\S+) /gm)) {
		// The kernel writes out IPv6 in full.
		const source = parseAddress(written)?.toString() ?? written;
		lists.set(source, [...(lists.get(source) ?? []), list]);
	}
	return lists;
}
