import { describe, expect, test } from "vitest";
import { moduleVersion } from "../../../../toolchain/builds/goModule.ts";
import { fitsSdk, kind, kubectl, pulumi } from "../../../../toolchain/tools/tools.ts";
import { parseVersion, type Version } from "../../../../toolchain/version.ts";

test.each<[typeof kind, Version, boolean]>([
	[kind, [0, 33, 0], true],
	[kind, [0, 33, 2], true],
	[kind, [0, 32, 0], false],
	[kind, [0, 34, 0], false],
	[kubectl, [1, 35, 9], true],
	[kubectl, [1, 36, 3], true],
	[kubectl, [1, 37, 0], true],
	[kubectl, [1, 34, 0], false],
	[kubectl, [1, 38, 0], false],
	[kubectl, [2, 36, 0], false],
])("$name %j fits: %j", (tool, version, fits) => {
	expect(tool.fits(version, "/usr/bin/tool")).toBe(fits);
});

test.each<[Version, boolean]>([
	[[3, 246, 0], true],
	[[3, 246, 1], true],
	[[3, 259, 0], true],
	[[3, 245, 9], false],
	[[4, 0, 0], false],
	[[2, 300, 0], false],
])("a Pulumi CLI %j fits the SDK 3.246.0: %j", (version, fits) => {
	expect(fitsSdk(version, "3.246.0")).toBe(fits);
});

describe.each([kind, kubectl, pulumi])("$name", (tool) => {
	test("is pinned to a version that fits, and its download URLs contain that version", async () => {
		const version = await moduleVersion(tool.build);
		const parsed = parseVersion(version);
		expect(parsed && (tool === pulumi ? fitsSdk(parsed) : tool.fits(parsed, ""))).toBe(true);
		const downloads = tool.downloads(version);
		expect(downloads.length).toBeGreaterThan(0);
		for (const { url, checksums } of downloads) {
			expect(url).toMatch(/^https:/);
			expect(url).toContain(version);
			expect(checksums).toContain(version.slice(1));
		}
	});
});
