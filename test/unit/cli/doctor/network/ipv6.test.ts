import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { judgeIpv6, readHostIpv6 } from "../../../../../cli/doctor/network/ipv6.ts";
import { scratchFolder } from "../../../fakePrograms.ts";

const kind = { name: "Docker network kind", subnet: "172.18.0.0/16" };

it.each([
	["a kernel without it", "absent", [], "stop", "the kernel has no IPv6 (", /modprobe ipv6 \|\| pulumi config set/],
	["a machine that disables it", "disabled", [kind], "stop", "IPv6 disabled", /sysctl net\.ipv6\S+=0 \|\| pulumi/],
	["a network kind without it", "enabled", [{ ...kind, lacksIpv6: true as const }], "stop", "no IPv6 (", /network rm/],
	["another machine's network without it", undefined, [{ ...kind, lacksIpv6: true as const }], "stop", "no IPv6", /rm/],
	["a network kind with it", "enabled", [kind], "ok", "the Docker network kind has IPv6", undefined],
	["no network kind yet", "enabled", [], "ok", "enabled", undefined],
	["no network kind yet on another machine", undefined, [], "ok", "enabled", undefined],
] as const)("%s is judged", (_, host, networks, level, found, fix) => {
	const finding = judgeIpv6("dual", host, [...networks]);
	expect(finding).toMatchObject({ level, found: expect.stringContaining(found) });
	if (level === "stop") expect(finding.found).toContain("which ipFamily dual needs");
	if (fix) expect(finding.fix).toMatch(fix);
	else expect(finding.fix).toBeUndefined();
});

describe("this machine", () => {
	scratchFolder();

	it.each([
		["0\n", "enabled"],
		["1\n", "disabled"],
	])("with disable_ipv6 %j has it %s", async (text, expected) => {
		await writeFile("disable_ipv6", text);
		expect(await readHostIpv6("disable_ipv6")).toBe(expected);
	});

	it("has none without the sysctl", async () => {
		expect(await readHostIpv6("nowhere")).toBe("absent");
	});
});
