import { execa } from "execa";
import { expect, it } from "vitest";
import { parseRecent, printRecent } from "../../../../netfilter/iptables/recent.ts";

// As a node of a kind cluster printed it, Kubernetes 1.36.3.
const text = [
	"KUBE-SEP-36NJYHMOTX6ZVSV5 src=172.19.0.2 ttl: 63 last_seen: 4297946401 oldest_pkt: 3 4297946341, 4297946371, 4297946401",
	"KUBE-SEP-I43UZBGJSKUXYHCG src=10.244.1.2 ttl: 64 last_seen: 4297946500 oldest_pkt: 1 4297946500",
	"KUBE-SEP-36NJYHMOTX6ZVSV5 src=10.244.1.2 ttl: 64 last_seen: 4297946400 oldest_pkt: 1 4297946400",
	"KUBE-SEP-2PS66IWME7547WR2 src=fd00:0010:0244:0000:0000:0000:0000:0002 ttl: 64 last_seen: 1 oldest_pkt: 1 1",
].join("\n");

it("returns the lists that contain an address", () => {
	expect(parseRecent(text)).toEqual(
		new Map([
			["172.19.0.2", ["KUBE-SEP-36NJYHMOTX6ZVSV5"]],
			["10.244.1.2", ["KUBE-SEP-I43UZBGJSKUXYHCG", "KUBE-SEP-36NJYHMOTX6ZVSV5"]],
			["fd00:10:244::2", ["KUBE-SEP-2PS66IWME7547WR2"]],
		]),
	);
});

it("is empty if no client is remembered", () => {
	expect(parseRecent("")).toEqual(new Map());
});

it("uses a command that succeeds if the kernel has no list", async () => {
	const [shell = "", ...args] = printRecent;
	const { stdout } = await execa(shell, args);
	expect(parseRecent(stdout)).toBeInstanceOf(Map);
});
