/** What of a cluster's texts may be kept: no secrets, and no more than there is room for. */

const removed = "[removed]";

/** Shapes that hardly anything but a secret has, in any text, and what is written in their place. */
const secrets: [shape: RegExp, instead: string][] = [
	// A key or a certificate (RFC 7468), also where each line has a timestamp before it.
	[/-----BEGIN ([A-Z0-9 ]+)-----(?:(?!-----BEGIN )[\s\S])*?-----END \1-----/g, removed],
	// A JSON Web Token (RFC 7519), such as a ServiceAccount's.
	[/\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g, removed],
	// Base64 as long as a line of the same, or longer: a kubeconfig's data, or a key of which either end is missing.
	// The hexadecimal ids of containers and images have no capitals, paths no digits beside them.
	[/(?<![A-Za-z0-9+/])(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{60,}={0,2}/g, removed],
	[/\b(bearer\s+)[\w.~+/-]{16,}=*/gi, `$1${removed}`],
	// A password in a URL, such as that of a proxy, which kind hands to the nodes and kubeadm to the control plane's pods.
	[/(\/\/[^\s/:@]+:)[^\s/@]+@/g, `$1${removed}@`],
];

/** The text without keys, certificates, tokens and passwords, as far as their shape tells them. */
export const redacted = (text: string): string =>
	secrets.reduce((rest, [shape, instead]) => rest.replaceAll(shape, instead), text);

/** Which end of a text matters: of a log the last lines. */
export type Keep = "start" | "end";

/** As many whole lines from one end of the text as fit into so many bytes of UTF-8. */
export function trimmed(text: string, bytes: number, keep: Keep): string {
	const all = Buffer.from(text);
	if (all.length <= bytes) return text;
	if (keep === "start") return all.subarray(0, all.subarray(0, bytes).lastIndexOf("\n") + 1).toString();
	const lineEnd = all.indexOf("\n", all.length - bytes - 1);
	return lineEnd < 0 ? "" : all.subarray(lineEnd + 1).toString();
}

/** How many bytes each text may have, so that all of them fit into so many: the short stay whole, the longest are cut. */
export function fairLimit(sizes: readonly number[], bytes: number): number {
	let left = bytes;
	for (const [i, size] of sizes.toSorted((a, b) => a - b).entries()) {
		const share = Math.floor(left / (sizes.length - i));
		if (size > share) return share;
		left -= size;
	}
	return Number.POSITIVE_INFINITY;
}
