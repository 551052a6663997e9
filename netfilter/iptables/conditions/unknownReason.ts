/** Why a condition of iptables can't be evaluated. */
import type { Match } from "./model.ts";

export function reasonOf(match: Match): string {
	switch (match.kind) {
		case "set":
			return `the rule matches addresses in set ${match.name}, whose elements are unknown`;
		case "unknown":
			return match.reason ?? `"${match.text}" isn't supported`;
		case "in-interface":
		case "out-interface":
			return `the rule matches interface ${match.name}, and the name of the packet's interface is unknown`;
		case "source-port":
		case "either-port":
			return "the rule matches the source port, which is unknown";
		case "source":
			return "the rule matches the source address, and masquerading may have chosen one of several";
		case "conntrack-state":
			return "the rule matches translated sources, and masquerading may have kept the source";
		case "address-type":
			return `the rule matches addresses of type ${match.types.join(", ")}, which depends on the node's interfaces and routes`;
		case "reverse-path":
			return "the rule checks the route back to the source, and the node's interfaces or routes are unknown";
		case "bridge-port":
			return "the rule matches bridged packets, and the packet's interface is unknown";
		case "owner":
			return "the rule matches the process that sends the packet, which is unknown";
		case "socket":
			return "the rule matches packets for an open socket, and the node's sockets are unknown";
		default:
			return `the rule matches ${match.kind.replace("-", " ")}, which is unknown for this packet`;
	}
}
