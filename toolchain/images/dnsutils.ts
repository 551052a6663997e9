import { type ImageContext, images } from "./context.ts";
import { dockerBuild } from "./imageBuild.ts";

/** The Debian packages of the image's programs; dnsutils/collect lists the programs. */
export const clientPackages = [
	"bind9-dnsutils",
	"busybox",
	"ca-certificates",
	"conntrack",
	"curl",
	"iproute2",
	"iptables",
	"jq",
	"netbase",
	"nftables",
	"wget",
];

/** debian:bookworm-20260918-slim, for all platforms that Docker publishes. */
export const debianImage = "debian@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251";

/**
 * Builds the image of the client pod. The engine must have the echo's image.
 * @param base an image of Debian 12. If it contains the packages, the build needs no network. The default, Debian's own
 * image, is pulled from a registry, and the packages from Debian's mirrors.
 */
export async function buildDnsutils({ run }: ImageContext, base = debianImage): Promise<void> {
	await dockerBuild(run, images.dnsutils, `${import.meta.dirname}/dnsutils`, {
		BASE: base,
		ECHO: images.echo,
		PACKAGES: clientPackages.join(" "),
	});
}
