/** How a Service's port is named, in kube-proxy's rules and in what one asks of them. */
import { createHash } from "node:crypto";
import type { ObjectReference, Protocol } from "./model.ts";

/** A port of a Service, over whatever protocol. */
export interface ServiceReference {
	namespace: string;
	name: string;
	/** "" where the port has no name, which only a Service's single port may lack. */
	portName: string;
}

export interface ServicePort extends ServiceReference {
	protocol: Protocol;
}

export const protocols: Protocol[] = ["tcp", "udp", "sctp"];

/** As kube-proxy's comments and logs write it: "default/nodeport-service:echo", "default/unnamed". */
export const servicePortName = ({ namespace, name, portName }: ServiceReference): string =>
	`${namespace}/${name}${portName === "" ? "" : `:${portName}`}`;

/** The Service's port that a comment names, among other words. */
export function servicePortIn(comment: string | undefined): ServiceReference | undefined {
	const [, namespace, name, portName = ""] =
		comment?.match(/(?:^| )([a-z0-9-]+)\/([a-z0-9-]+)(?::([a-z0-9-]+))?(?= |$)/) ?? [];
	return namespace === undefined || name === undefined ? undefined : { namespace, name, portName };
}

export const serviceObject = ({ namespace, name }: ServiceReference): ObjectReference => ({
	kind: "Service",
	namespace,
	name,
});

/** The first characters of the SHA-256 of a text, in base32: how kube-proxy shortens names. */
export const shortHash = (text: string, length: number): string =>
	base32(createHash("sha256").update(text).digest()).slice(0, length);

/** RFC 4648, without padding: five bits a character. Node has no encoder for it. */
function base32(bytes: Uint8Array): string {
	const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
	const groups = bits.match(/.{1,5}/g) ?? [];
	return groups.map((group) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
}
