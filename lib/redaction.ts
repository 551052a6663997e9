/** Removes secrets from text. */

const removed = "[removed]";

/** Patterns that hardly anything but a secret matches, and their replacements. */
const secrets: [shape: RegExp, instead: string][] = [
	// A key or a certificate (RFC 7468), also with a timestamp before each line.
	[/-----BEGIN ([A-Z0-9 ]+)-----(?:(?!-----BEGIN )[\s\S])*?-----END \1-----/g, removed],
	// A JSON Web Token (RFC 7519), such as a ServiceAccount's.
	[/\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g, removed],
	// A line of base64 or more: a kubeconfig's data, or a part of a key. Hexadecimal ids of containers and images have no
	// capitals, and paths no digits next to them.
	[/(?<![A-Za-z0-9+/])(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{60,}={0,2}/g, removed],
	// A whole line of a PEM block has 64 characters, few of them without any digit; no path ends a line at that length.
	[/(?<=^|\s)(?=\S*[A-Z])(?=\S*[a-z])[A-Za-z0-9+/]{64}$/gm, removed],
	[/\b(bearer\s+)[\w.~+/-]{16,}=*/gi, `$1${removed}`],
	// A password in a URL, such as a proxy's: kind passes it to the nodes, and kubeadm to the control plane's pods.
	[/(\/\/[^\s/:@]+:)[^\s/@]+@/g, `$1${removed}@`],
];

/** Removes keys, certificates, tokens and passwords whose format is recognized. */
export const redacted = (text: string): string =>
	secrets.reduce((rest, [shape, instead]) => rest.replaceAll(shape, instead), text);
