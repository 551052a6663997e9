import { execa } from "execa";
import { describe, expect, it, vi } from "vitest";
import { rulesOf, triesOf } from "../../../../cli/doctor/kernelRules.ts";
import {
	judgeAccounting,
	judgeKernelVersion,
	judgeRules,
	readTried,
	tryRules,
} from "../../../../cli/doctor/kernelSupport.ts";
import { KubeProxyMode } from "../../../../config/clusterShape.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";
import { engine } from "./machine.ts";

// As iptables 1.8.9 says it on a kernel 6.18: of a match that it lacks (there ipvs), and of a counter that does not exist.
const unknown =
	"Warning: Extension nfacct revision 0 not supported, missing kernel module? iptables v1.8.9 (nf_tables): ";
const noCounter =
	"iptables v1.8.9 (nf_tables):  RULE_APPEND failed (No such file or directory): rule in chain FORWARD ";
const accounts = "CONFIG_NETFILTER_NETLINK_ACCT=y";

const printed = (lines: Record<string, string>): string =>
	[...Object.entries(lines).map((pair) => pair.join("\t")), "tried"].join("\n");

describe("what the tries print", () => {
	it("names the rules that were refused, and says what it knows of nfacct", () => {
		const all = { "match comment": "", "match statistic": "No such file", nfacct: noCounter, NETLINK_ACCT: accounts };
		expect(readTried(printed(all))).toEqual({
			refused: new Map([["match statistic", "No such file"]]),
			nfacct: true,
			accounting: true,
		});
	});

	it.each([
		["lacking", unknown, false],
		[
			"lacking, in the words of an older iptables",
			"iptables v1.8.4 (nf_tables): Couldn't load match `nfacct':No such file",
			false,
		],
		["there", noCounter, true],
	])("the match nfacct is %s", (_, said, there) => {
		expect(readTried(printed({ nfacct: said, NETLINK_ACCT: "" }))).toEqual({ refused: new Map(), nfacct: there });
	});

	it.each([
		["=m", true],
		["=y", true],
		[" is not set", false],
	])("the kernel's configuration CONFIG_NETFILTER_NETLINK_ACCT%s is read", (setting, accounting) => {
		const line = setting.startsWith("=")
			? `CONFIG_NETFILTER_NETLINK_ACCT${setting}`
			: `# CONFIG_NETFILTER_NETLINK_ACCT${setting}`;
		expect(readTried(printed({ nfacct: unknown, NETLINK_ACCT: line }))?.accounting).toBe(accounting);
	});

	it("is nothing where the script did not run to its end", () => {
		expect(readTried("match comment\t\n")).toBeUndefined();
		expect(readTried("")).toBeUndefined();
	});
});

describe("the script of the tries", () => {
	scratchFolder();
	const tools = async (refuses: string) => {
		for (const name of ["iptables-nft", "nft"]) {
			await program(name, `case "$*" in *"${refuses}"*) echo 'not supported' >&2; echo 'second line'; exit 2;; esac`);
		}
	};

	it.each(KubeProxyMode.options)(
		"tells of every rule that %s mode writes, and of the refused what was said",
		async (mode) => {
			for (const { name, command } of rulesOf(mode)) {
				await tools(command.slice(1).join(" "));
				const tried = readTried((await execa("sh", { input: triesOf(mode) })).stdout);
				expect([...(tried?.refused ?? [])]).toContainEqual([name, "not supported second line "]);
			}
		},
	);
});

describe("a try of the rules", () => {
	scratchFolder();
	const state = { engine: { ...engine, here: false } };

	it("runs in a container without a network, of an image that is there", async () => {
		await program("docker", `echo "$*" >ran; printf 'match comment\\tno\\nnfacct\\t\\nNETLINK_ACCT\\t\\ntried\\n'`);
		expect(await tryRules(state, "iptables")).toMatchObject({ refused: new Map([["match comment", "no"]]) });
		const { stdout } = await execa("cat", ["ran"]);
		expect(stdout).toMatch(/^run --rm .*--pull=never --network=none .*nodeport-lab\/dnsutils:\S+ sh$/);
	});

	it("tells why there was none", async () => {
		await program("docker", "echo 'No such image: nodeport-lab/dnsutils' >&2; exit 125");
		expect(await tryRules(state, "iptables")).toBe("No such image: nodeport-lab/dnsutils");
	});
});

describe("the kernel's rules", () => {
	const tried = (...refused: string[]) => ({ refused: new Map(refused.map((name) => [name, "no"])), nfacct: true });
	const wanted = { kubeProxyMode: "iptables", sessionAffinity: "None" } as const;

	it.each([
		["all taken", tried(), wanted, "ok", "match statistic", undefined],
		["one refused", tried("match statistic"), wanted, "stop", "match statistic (no)", "modprobe --all xt_statistic"],
		["one refused that nothing needs", tried("match recent"), wanted, "warning", "match recent (no)", "xt_recent"],
		[
			"one refused that sessionAffinity needs",
			tried("match recent"),
			{ ...wanted, sessionAffinity: "ClientIP" },
			"stop",
			"match recent (no)",
			"xt_recent",
		],
		[
			"two refused of one module",
			tried("match mark", "target MARK"),
			wanted,
			"stop",
			"match mark (no), target MARK (no)",
			"--all xt_mark",
		],
		[
			"one of nft refused",
			tried("numgen"),
			{ ...wanted, kubeProxyMode: "nftables" },
			"stop",
			"numgen (no)",
			"nft_numgen",
		],
		["not tried", "no image", wanted, "warning", "could not be tried yet: no image", "npm run setup && npm run doctor"],
	] as const)("%s", (_, given, config, level, found, fix) => {
		const finding = judgeRules(given, config);
		expect(finding).toMatchObject({ level, found: expect.stringContaining(found) });
		if (fix) expect(finding.fix).toContain(fix);
		else expect(finding.fix).toBeUndefined();
	});

	it.each([
		[0, "modprobe"],
		[1000, "sudo modprobe"],
	])("what loads a module works as it stands for user %d", async (user, command) => {
		vi.spyOn(process, "getuid").mockReturnValue(user);
		const fix = judgeRules(tried("match statistic"), wanted).fix ?? "";
		expect(fix).toBe(`${command} --all xt_statistic`);
		const counting = judgeAccounting({ refused: new Map(), nfacct: false, accounting: true }).fix;
		expect(counting).toBe(`${command} xt_nfacct || pulumi config set kubeProxyMode nftables`);
		vi.restoreAllMocks();
	});

	it.each([
		["the match is there", { nfacct: true }, "ok"],
		["neither is there", { nfacct: false, accounting: false }, "ok"],
		["it counts without the match", { nfacct: false, accounting: true }, "stop"],
		["the match lacks, and nothing is known of the rest", { nfacct: false }, "warning"],
	])("nfacct: %s", (_, given, level) => {
		const finding = judgeAccounting({ refused: new Map(), ...given });
		expect(finding.level).toBe(level);
		expect(finding.fix === undefined).toBe(level === "ok");
	});

	it.each([
		["6.18.44-fc-v657", "ok"],
		["5.13.0", "ok"],
		["5.10.0-32-amd64", "stop"],
		["", "stop"],
	])("nftables mode on kernel %j: %s", (kernel, level) => {
		expect(judgeKernelVersion(kernel)).toMatchObject({ level });
	});
});
