/** Packets as bytes: writes those that the test sends, and reads those that arrive. */
import ipaddr from "ipaddr.js";
import type { Packet } from "../../../netfilter/model.ts";
import type { Side } from "./network.ts";

/** A packet that the test sends, and where. */
export interface Probe {
	side: Side;
	packet: Packet & { sourcePort: number };
	/**
	 * Identifies the packet in its batch, 1 to 65535. It is in the IP header, which traces show, and behind the ports, which
	 * answers repeat.
	 */
	tag: number;
}

/** A packet that arrived on a wire, or at the node's own processes. */
export type Arrival = { side: Side; tag: number; source: string; destination: string } & (
	| { kind: "packet"; sourcePort: number; destinationPort: number }
	| { kind: "tcp-reset" }
	| { kind: "icmp"; type: number; code: number }
);

const protocols = { tcp: 6, udp: 17, sctp: 132 };
const headers = { tcp: 6, udp: 17, icmp: 1, icmp6: 58 };

/** "eth0 4500…": a line for probeHost.pl. */
export function encode({ side, packet, tag }: Probe): string {
	const source = bytesOf(packet.source);
	const destination = bytesOf(packet.destination);
	const payload = transport(packet, tag);
	const pseudo = Buffer.concat([
		source,
		destination,
		numbers(4, payload.length),
		numbers(4, protocols[packet.protocol]),
	]);
	payload.writeUInt16BE(checksum(Buffer.concat([pseudo, payload])), packet.protocol === "tcp" ? 16 : 6);
	const header =
		packet.family === "ipv4" ? ipv4Header(packet, payload.length, tag) : ipv6Header(packet, payload.length, tag);
	const bytes = Buffer.concat([header, source, destination, payload]);
	if (packet.family === "ipv4") bytes.writeUInt16BE(checksum(bytes.subarray(0, 20)), 10);
	return `${side} ${bytes.toString("hex")}\n`;
}

/** A SYN whose sequence number is the tag; a RST if conntrack must class it as invalid; or a UDP datagram. */
function transport({ protocol, sourcePort = 0, destinationPort, ctstate }: Packet, tag: number): Buffer {
	const ports = Buffer.concat([numbers(2, sourcePort), numbers(2, destinationPort)]);
	if (protocol === "udp") return Buffer.concat([ports, numbers(2, 12), numbers(2, 0), numbers(4, tag)]);
	const flags = ctstate === "INVALID" ? 0x04 : 0x02;
	const rest = [numbers(2, 0x5000 | flags), numbers(2, 65_535), numbers(4, 0)];
	return Buffer.concat([ports, numbers(4, tag), numbers(4, 0), ...rest]);
}

const ipv4Header = ({ protocol }: Packet, length: number, tag: number): Buffer =>
	Buffer.from([0x45, 0, ...numbers(2, 20 + length), ...numbers(2, tag), 0, 0, 64, protocols[protocol], 0, 0]);

const ipv6Header = ({ protocol }: Packet, length: number, tag: number): Buffer =>
	Buffer.from([...numbers(4, (6 << 28) | tag), ...numbers(2, length), protocols[protocol], 64]);

const bytesOf = (address: string): Buffer => Buffer.from(ipaddr.parse(address).toByteArray());

function numbers(bytes: number, value: number): Buffer {
	const buffer = Buffer.alloc(bytes);
	buffer.writeUIntBE(value, 0, bytes);
	return buffer;
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
	let sum = 0;
	for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
	while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
	return ~sum & 0xffff;
}

/** Parses a line of probeHost.pl; undefined for a packet that isn't the test's, such as a router solicitation. */
export function decode(line: string): Arrival | undefined {
	const [side = "", hex = ""] = line.split(" ");
	const { protocol, source, destination, payload } = layers(Buffer.from(hex, "hex"));
	const common = { side: side as Side, source, destination };
	if (protocol === headers.icmp || protocol === headers.icmp6) {
		const [type = 0, code = 0] = payload;
		// ICMPv6's errors (types up to 127), and all ICMP messages that a kernel sends by itself, quote a packet.
		const quoted = type < 128 ? layers(payload.subarray(8)) : undefined;
		return quoted && { ...common, kind: "icmp", type, code, tag: tagOf(quoted) };
	}
	if (protocol !== headers.tcp && protocol !== headers.udp) return undefined;
	const sent = {
		tag: tagOf({ protocol, payload }),
		sourcePort: payload.readUInt16BE(0),
		destinationPort: payload.readUInt16BE(2),
	};
	if (protocol === headers.udp) return { ...common, kind: "packet", ...sent };
	const flags = payload[13] ?? 0;
	if ((flags & 0x14) === 0x14) return { ...common, kind: "tcp-reset", tag: payload.readUInt32BE(8) - 1 };
	return { ...common, kind: "packet", ...sent };
}

function layers(bytes: Buffer) {
	const [first = 0] = bytes;
	const isVersion4 = first >> 4 === 4;
	const address = (at: number, length: number) => ipaddr.fromByteArray([...bytes.subarray(at, at + length)]).toString();
	return isVersion4
		? {
				protocol: bytes[9] ?? 0,
				source: address(12, 4),
				destination: address(16, 4),
				payload: bytes.subarray((first & 15) * 4),
			}
		: { protocol: bytes[6] ?? 0, source: address(8, 16), destination: address(24, 16), payload: bytes.subarray(40) };
}

const tagOf = ({ protocol, payload }: { protocol: number; payload: Buffer }): number =>
	payload.readUInt32BE(protocol === headers.tcp ? 4 : 8);
