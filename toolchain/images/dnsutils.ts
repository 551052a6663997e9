import { type ImageContext, images } from "./context.ts";
import { dockerBuild } from "./docker.ts";

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

/**
 * Builds the image of the client pod.
 * @param base An image of Debian 12. One with the packages in it needs no network; the default, Debian's own, is
 * pulled from a registry, and the packages from Debian's mirrors.
 */
export async function buildDnsutils({ run }: ImageContext, base = "debian:bookworm-slim"): Promise<void> {
	await dockerBuild(run, images.dnsutils, `${import.meta.dirname}/dnsutils`, {
		BASE: base,
		PACKAGES: clientPackages.join(" "),
	});
}
