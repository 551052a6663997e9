/** The headers of a traced packet, as the monitors print them. */

/** A packet as the kernel shows it when it enters a base chain. */
export interface PacketHeader {
	source: string;
	destination: string;
	/** As the tool names it: "tcp", "6". xtables-monitor doesn't name every protocol; then it is inferred from the fields. */
	protocol: string;
	sourcePort?: number;
	destinationPort?: number;
	/** Of TCP, in lower case and in alphabetical order: ["ack", "syn"]. */
	flags: string[];
	/** After the first rule of the base chain. nft doesn't print it. */
	mark?: number;
	/** The sender's number for the packet: IPv4's identification or IPv6's flow label. */
	identification?: number;
	inInterface?: string;
	outInterface?: string;
}

const tcpFlags = ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"];

/** "IN=eth0 OUT= MACSRC=… SRC=10.244.3.2 DST=172.18.0.6 LEN=60 … ID=16407 DF SPORT=41000 DPORT=30040 SYN MARK=0x4000" */
export function headerOfXtables(text: string): PacketHeader | undefined {
	const words = text.trim().split(/\s+/);
	const fields = new Map(
		words.filter((word) => word.includes("=")).map((word) => [word.slice(0, word.indexOf("=")), afterSign(word)]),
	);
	const flags = words.map((word) => word.toLowerCase()).filter((word) => tcpFlags.includes(word));
	const ports = fields.has("SPORT");
	return header({
		source: fields.get("SRC"),
		destination: fields.get("DST"),
		// It doesn't print the protocols that it knows. Of those with ports, only TCP has flags.
		protocol: fields.get("PROTO") ?? (ports ? (flags.length > 0 ? "tcp" : "udp") : "other"),
		sourcePort: fields.get("SPORT"),
		destinationPort: fields.get("DPORT"),
		flags,
		mark: fields.get("MARK") ?? "0",
		identification: fields.get("ID") ?? fields.get("FLOWLBL"),
		inInterface: fields.get("IN"),
		outInterface: fields.get("OUT"),
	});
}

const afterSign = (word: string): string => word.slice(word.indexOf("=") + 1);

/** `packet: iif "eth0" oif "veth0" … ip saddr 10.244.3.2 ip daddr … ip id 4 … tcp sport 41000 … tcp flags == syn …` */
export function headerOfNft(text: string): PacketHeader | undefined {
	const field = (name: string): string | undefined =>
		text.match(new RegExp(`(?:^| )${name} (?:== )?"?([^ "]+)"?`))?.[1];
	// It doesn't print the protocol if the names of the header's fields contain it.
	const [, transport] = text.match(/ (\w+) sport /) ?? [];
	return header({
		source: field("ip6? saddr"),
		destination: field("ip6? daddr"),
		protocol: transport ?? field("ip protocol") ?? field("ip6 nexthdr"),
		sourcePort: field(`${transport} sport`),
		destinationPort: field(`${transport} dport`),
		flags: (field("tcp flags") ?? "").split(/[|,]/).filter((flag) => flag !== ""),
		mark: undefined,
		identification: field("ip id") ?? field("ip6 flowlabel"),
		inInterface: field("iif"),
		outInterface: field("oif"),
	});
}

type Texts = Record<Exclude<keyof PacketHeader, "flags">, string | undefined> & { flags: string[] };

/** @returns undefined if the line has no source or destination */
function header({ source, destination, protocol, flags, inInterface, outInterface, ...numbers }: Texts) {
	if (source === undefined || destination === undefined) return undefined;
	const { sourcePort, destinationPort, mark, identification } = numbers;
	return {
		source,
		destination,
		protocol: protocol ?? "other",
		...(sourcePort !== undefined && { sourcePort: Number(sourcePort) }),
		...(destinationPort !== undefined && { destinationPort: Number(destinationPort) }),
		flags: flags.toSorted(),
		...(mark !== undefined && { mark: Number(mark) }),
		...(identification !== undefined && { identification: Number(identification) }),
		...(inInterface && { inInterface }),
		...(outInterface && { outInterface }),
	};
}
