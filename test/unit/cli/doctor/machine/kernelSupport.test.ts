import { execa } from "execa";
import { describe, expect, it, vi } from "vitest";
import {
	judgeAccounting,
	judgeKernelVersion,
	judgeRules,
	readTried,
	tryRules,
} from "../../../../../cli/doctor/machine/kernelSupport.ts";
import { trialRules, trialScript } from "../../../../../cli/doctor/machine/ruleTrials.ts";
import { KubeProxyMode } from "../../../../../config/clusterShape.ts";
import { program, scratchFolder } from "../../../fakePrograms.ts";
import { engine } from "../sampleEngine.ts";

// From iptables 1.8.9 on kernel 6.18: for a match that it lacks (there ipvs), and for a counter that doesn't exist.
const unknown =
	"Warning: Extension nfacct revision 0 not supported, missing kernel module? iptables v1.8.9 (nf_tables): ";
const noCounter =
	"iptables v1.8.9 (nf_tables):  RULE_APPEND failed (No such file or directory): rule in chain FORWARD ";
const accounts = "CONFIG_NETFILTER_NETLINK_ACCT=y";

const printed = (lines: Record<string, string>): string =>
	[...Object.entries(lines).map((pair) => pair.join("\t")), "tried"].join("\n");

describe("the output of the trials", () => {
	it("names the refused rules and whether nfacct is known", () => {
		const all = { "match comment": "", "match statistic": "No such file", nfacct: noCounter, NETLINK_ACCT: accounts };
		expect(readTried(printed(all))).toEqual({
			refused: new Map([["match statistic", "No such file"]]),
			nfacct: true,
			accounting: true,
		});
	});

	it.each([
		["missing", unknown, false],
		[
			"missing, with an older iptables",
			"iptables v1.8.4 (nf_tables): Couldn't load match `nfacct':No such file",
			false,
		],
		["present", noCounter, true],
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

	it("is undefined if the script didn't run to its end", () => {
		expect(readTried("match comment\t\n")).toBeUndefined();
		expect(readTried("")).toBeUndefined();
	});
});

describe("the trial script", () => {
	scratchFolder();
	const tools = async (refuses: string) => {
		for (const name of ["iptables-nft", "ip6tables-nft", "nft"]) {
			await program(
				name,
				`case "\${0##*/} $*" in *"${refuses}"*) echo 'not supported' >&2; echo 'second line'; exit 2;; esac`,
			);
		}
	};

	it.each(KubeProxyMode.options)("reports the error of each refused rule of %s mode", async (kubeProxyMode) => {
		const shape = { kubeProxyMode, ipFamily: "dual" } as const;
		for (const { name, command } of trialRules(shape)) {
			await tools(command.join(" "));
			const tried = readTried((await execa("sh", { input: trialScript(shape) })).stdout);
			expect([...(tried?.refused ?? [])]).toContainEqual([name, "not supported second line "]);
		}
	});

	it("tries the rules of IPv6 only if the cluster has it, and those of IPv4 always", () => {
		const names = (ipFamily: "ipv4" | "ipv6" | "dual") =>
			trialRules({ kubeProxyMode: "nftables", ipFamily }).map(({ name }) => name);
		expect(names("ipv4").filter((name) => name.startsWith("IPv6 "))).toEqual([]);
		expect(names("dual")).toEqual([...names("ipv4"), ...names("ipv4").map((name) => `IPv6 ${name}`)]);
		expect(names("ipv6")).toEqual(names("dual"));
	});
});

describe("trying the rules", () => {
	scratchFolder();
	const state = { engine: { ...engine, here: false } };
	const shape = { kubeProxyMode: "iptables", ipFamily: "ipv4" } as const;

	it("uses a container without a network, from a local image", async () => {
		await program("docker", `echo "$*" >ran; printf 'match comment\\tno\\nnfacct\\t\\nNETLINK_ACCT\\t\\ntried\\n'`);
		expect(await tryRules(state, shape)).toMatchObject({ refused: new Map([["match comment", "no"]]) });
		const { stdout } = await execa("cat", ["ran"]);
		expect(stdout).toMatch(/^run --rm .*--pull=never --network=none .*nodeport-lab\/dnsutils:\S+ sh$/);
	});

	it("reports why it failed", async () => {
		await program("docker", "echo 'No such image: nodeport-lab/dnsutils' >&2; exit 125");
		expect(await tryRules(state, shape)).toBe("No such image: nodeport-lab/dnsutils");
	});
});

describe("the kernel's rules", () => {
	const tried = (...refused: string[]) => ({ refused: new Map(refused.map((name) => [name, "no"])), nfacct: true });
	const wanted = { kubeProxyMode: "iptables", ipFamily: "ipv4", sessionAffinity: "None" } as const;

	it.each([
		["all accepted", tried(), wanted, "ok", "match statistic", undefined],
		["one refused", tried("match statistic"), wanted, "stop", "match statistic (no)", "modprobe --all xt_statistic"],
		["one refused that isn't needed", tried("match recent"), wanted, "warning", "match recent (no)", "xt_recent"],
		[
			"one refused that sessionAffinity needs",
			tried("match recent"),
			{ ...wanted, sessionAffinity: "ClientIP" },
			"stop",
			"match recent (no)",
			"xt_recent",
		],
		[
			"two refused from one module",
			tried("match mark", "target MARK"),
			wanted,
			"stop",
			"match mark (no), target MARK (no)",
			"--all xt_mark",
		],
		[
			"one nft rule refused",
			tried("numgen"),
			{ ...wanted, kubeProxyMode: "nftables" },
			"stop",
			"numgen (no)",
			"nft_numgen",
		],
		[
			"one IPv6 rule refused",
			tried("IPv6 target REJECT"),
			{ ...wanted, ipFamily: "dual" },
			"stop",
			"IPv6 target REJECT (no)",
			"ip6t_REJECT",
		],
		["an IPv6 rule refused that isn't needed", tried("IPv6 target REJECT"), wanted, "ok", "accepts", undefined],
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
	])("the command that loads a module works for user %d", async (user, command) => {
		vi.spyOn(process, "getuid").mockReturnValue(user);
		const fix = judgeRules(tried("match statistic"), wanted).fix ?? "";
		expect(fix).toBe(`${command} --all xt_statistic`);
		const counting = judgeAccounting({ refused: new Map(), nfacct: false, accounting: true }).fix;
		expect(counting).toBe(`${command} xt_nfacct || pulumi config set kubeProxyMode nftables`);
		vi.restoreAllMocks();
	});

	it("rootless Docker gets the modules at each boot", () => {
		expect(judgeRules(tried("match statistic"), wanted, true).fix).toBe(
			"printf '%s\\n' xt_statistic | sudo tee /etc/modules-load.d/nodeport-lab.conf && sudo modprobe --all xt_statistic",
		);
	});

	it.each([
		["the match is present", { nfacct: true }, "ok"],
		["neither is present", { nfacct: false, accounting: false }, "ok"],
		["the subsystem without the match", { nfacct: false, accounting: true }, "stop"],
		["the match is missing, and the subsystem is unknown", { nfacct: false }, "warning"],
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
