/**
 * The proxy variables, which kind copies into the nodes. There it adds the networks of Docker, the pods and the Services
 * and the node names to NO_PROXY (getProxyEnv of kind 0.33); on this machine nothing adds them.
 */
import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";
import type { IpFamily } from "../../../config/clusterShape.ts";
import { defaultSubnets } from "../../../kind/spec/clusterSubnets.ts";
import type { Finding } from "../finding.ts";
import { contains } from "./networks.ts";

type Variables = Record<string, string | undefined>;

const subject = "proxy";
const loopback = /^(localhost|127\..*|\[::1\])$/;

/** As kind and curl read them: in either case, the upper first. */
function proxiesIn(variables: Variables): { name: string; value: string }[] {
	return ["HTTP_PROXY", "HTTPS_PROXY"].flatMap((upper) => {
		const name = [upper, upper.toLowerCase()].find((name) => variables[name]);
		return name === undefined ? [] : [{ name, value: variables[name] ?? "" }];
	});
}

/** What the lab's nodes are called, and which addresses they have. */
interface Nodes {
	names: string[];
	ipFamily: IpFamily;
	/** Of kind's network; none until Docker has chosen them. */
	subnets: string[];
}

export function judgeProxy(variables: Variables, nodes: Nodes): Finding[] {
	const proxies = proxiesIn(variables);
	if (proxies.length === 0) return [{ subject, level: "ok", found: "HTTP_PROXY and HTTPS_PROXY aren't set" }];
	const findings = [...proxies.flatMap(loopbackProxy), ...exceptions(variables, nodes)];
	if (findings.length > 0) return findings;
	const found = `${proxies.map(({ name, value }) => `${name}=${withoutPassword(value)}`).join(", ")}; NO_PROXY covers the lab`;
	return [{ subject, level: "ok", found }];
}

/** curl and Go take a proxy without a scheme for an HTTP proxy. */
function urlOf(value: string): URL | undefined {
	const url = /^[a-z\d]+:\/\//i.test(value) ? value : `http://${value}`;
	return URL.canParse(url) ? new URL(url) : undefined;
}

function withoutPassword(value: string): string {
	const url = urlOf(value);
	return url ? `${url.protocol}//${url.host}` : "an invalid URL";
}

function loopbackProxy({ name, value }: { name: string; value: string }): Finding[] {
	const url = urlOf(value);
	if (!url || !loopback.test(url.hostname)) return [];
	const found = `${name} is ${withoutPassword(value)}: in a node, that address is the node itself, so nodes can't pull images. The proxy must listen on an address that nodes can reach`;
	const address = Object.values(networkInterfaces())
		.flatMap((addresses) => addresses ?? [])
		.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
	url.hostname = address ?? "<this machine's address>";
	return [{ subject, level: "warning", found, fix: `export ${name}=${url.href.replace(/\/$/, "")}` }];
}

/** What requests from this machine must reach without the proxy. */
function exceptions(variables: Variables, { names, ipFamily, subnets }: Nodes): Finding[] {
	const listed = (variables.NO_PROXY || variables.no_proxy || "")
		.split(",")
		.map((entry) => entry.trim())
		.filter(Boolean);
	const needed = ["localhost", "127.0.0.1", ...subnets];
	const missing = needed.filter((target) => !listed.some((entry) => covers(entry, target)));
	if (missing.length === 0) return [];
	const inner = [defaultSubnets.podSubnet[ipFamily], defaultSubnets.serviceSubnet[ipFamily]];
	const all = [...new Set([...listed, ...needed, ...inner, ".svc", ".cluster.local", ...names])].join(",");
	const found = `NO_PROXY doesn't cover ${missing.join(", ")}: tools such as curl and plain pulumi commands send requests to these through the proxy`;
	return [{ subject, level: "warning", found, fix: `export NO_PROXY=${all} no_proxy=${all}` }];
}

/** @param target a host name, an IP address, or a network in CIDR notation */
function covers(entry: string, target: string): boolean {
	if (entry === "*" || entry === target) return true;
	const [network, inner] = [cidrOf(entry), cidrOf(target)];
	return ipaddr.isValidCIDR(network) && ipaddr.isValidCIDR(inner) && contains(network, inner);
}

/** An address is a network of one. */
const cidrOf = (text: string): string => (ipaddr.isValid(text) ? `${text}/${text.includes(":") ? 128 : 32}` : text);
