import { expect, test } from "vitest";
import { isAtLeast, parseVersion, type Version } from "../../../toolchain/version.ts";

test.each([
	["kind v0.33.0 go1.26.8 linux/amd64", [0, 33, 0]],
	['{"clientVersion": {"gitVersion": "v1.32.4-dispatcher"}}', [1, 32, 4]],
	["v3.259.0", [3, 259, 0]],
	["go1.20", [1, 20, 0]],
	["20.10.24+dfsg1", [20, 10, 24]],
	["6.18.44-fc-v657", [6, 18, 44]],
	["command not found", undefined],
])("the version of %j is %j", (said, version) => {
	expect(parseVersion(said)).toEqual(version);
});

test.each<[Version, Version, boolean]>([
	[[1, 26, 8], [1, 26, 8], true],
	[[1, 26, 10], [1, 26, 8], true],
	[[2, 0, 0], [1, 26, 8], true],
	[[1, 26, 7], [1, 26, 8], false],
	[[1, 9, 9], [1, 26, 0], false],
	[[0, 99, 0], [1, 0, 0], false],
])("%j is at least %j: %j", (version, least, is) => {
	expect(isAtLeast(version, least)).toBe(is);
});
