import { type ImageContext, images } from "./context.ts";
import { dockerBuild } from "./imageBuild.ts";

/** The Debian packages whose programs make the image; dnsutils/collect says which. */
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

/** debian:bookworm-20260918-slim, of the platforms that Docker publishes. */
const debianImage = "debian@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251";

/**
 * Builds the image of the client pod.
 * @param base An image of Debian 12. One with the packages in it needs no network; the default, Debian's own, is
 * pulled from a registry, and the packages from Debian's mirrors.
 */
export async function buildDnsutils({ run }: ImageContext, base = debianImage): Promise<void> {
	await dockerBuild(run, images.dnsutils, `${import.meta.dirname}/dnsutils`, {
		BASE: base,
		PACKAGES: clientPackages.join(" "),
	});
}
