import { expect, it } from "vitest";
import { judgeProxy } from "../../../../../cli/doctor/network/proxyVariables.ts";

const names = ["c-control-plane", "c-worker"];
const proxy = "http://user:secret@proxy.example:3128";
const judge = (variables: Record<string, string>, subnets = ["172.18.0.0/16"]) =>
	judgeProxy(variables, { names, ipFamily: "ipv4", subnets });

it.each([
	["no proxy", {}, "aren't set"],
	[
		"a proxy and all exceptions",
		{ HTTPS_PROXY: proxy, NO_PROXY: "localhost,127.0.0.1,172.18.0.0/16" },
		"NO_PROXY covers",
	],
	["wider exceptions", { https_proxy: proxy, no_proxy: "localhost, 127.0.0.0/8,172.16.0.0/12" }, "NO_PROXY covers"],
	["no proxy for any address", { HTTP_PROXY: proxy, NO_PROXY: "*" }, "NO_PROXY covers"],
])("works with %s", (_, variables, found) => {
	expect(judge(variables)).toEqual([{ subject: "proxy", level: "ok", found: expect.stringContaining(found) }]);
	expect(judge(variables)[0]?.found).not.toContain("secret");
});

it.each([
	["HTTP_PROXY", "http://127.0.0.1:3128"],
	["https_proxy", "http://localhost:3128"],
	["HTTPS_PROXY", "[::1]:3128"],
])("a proxy on loopback can't be reached from nodes: %s=%s", (name, value) => {
	const [finding, ...others] = judge({ [name]: value, NO_PROXY: "*" });
	expect(others).toEqual([]);
	expect(finding).toMatchObject({
		level: "warning",
		found: expect.stringMatching(`^${name} is .* nodes can't pull images`),
	});
	expect(finding?.fix).toMatch(new RegExp(`^export ${name}=http://(?!127|localhost).+:3128$`));
});

it("names what NO_PROXY doesn't cover, and the complete value", () => {
	const [finding] = judge({ HTTPS_PROXY: proxy, NO_PROXY: "example.com,127.0.0.1" });
	expect(finding).toMatchObject({
		level: "warning",
		found: expect.stringContaining("NO_PROXY doesn't cover localhost, 172.18.0.0/16:"),
	});
	const value =
		"example.com,127.0.0.1,localhost,172.18.0.0/16,10.244.0.0/16,10.96.0.0/16,.svc,.cluster.local,c-control-plane,c-worker";
	expect(finding?.fix).toBe(`export NO_PROXY=${value} no_proxy=${value}`);
});

it("requires only loopback until kind's network exists", () => {
	expect(judge({ HTTPS_PROXY: proxy, NO_PROXY: "localhost,127.0.0.1" }, [])).toMatchObject([{ level: "ok" }]);
});

it("covers both address families of a dual-stack lab", () => {
	const subnets = ["172.18.0.0/16", "fc00:f853:ccd:e793::/64"];
	const dual = (exceptions: string) =>
		judgeProxy({ HTTPS_PROXY: proxy, NO_PROXY: exceptions }, { names, ipFamily: "dual", subnets });
	expect(dual("localhost,127.0.0.1,172.18.0.0/16,fc00:f853::/32")).toMatchObject([{ level: "ok" }]);
	const [finding] = dual("localhost,127.0.0.1,172.18.0.0/16,fc00::1");
	expect(finding?.found).toContain("doesn't cover fc00:f853:ccd:e793::/64:");
	expect(finding?.fix).toContain(",10.244.0.0/16,fd00:10:244::/56,10.96.0.0/16,fd00:10:96::/112,.svc,");
});
