/** The versions of Node.js, which runs the lab, and Go, which builds the tools that can't be downloaded. */
import { canBuild, type Go, installGo } from "../../../toolchain/builds/goCommand.ts";
import { isAtLeast, parseVersion, type Version } from "../../../toolchain/version.ts";
import type { Finding } from "../finding.ts";

/** @param needed package.json's engines.node: ">=20.20" */
export function judgeNode(version: string, needed: string): Finding {
	const subject = "Node.js";
	const [current, oldest] = [parseVersion(version), parseVersion(needed)];
	if (!current || !oldest) throw new Error(`can't parse the Node.js version ${version} or ${needed}`);
	const found = `version ${version}; needed: ${needed}`;
	if (isAtLeast(current, oldest)) return { subject, level: "ok", found };
	return { subject, level: "stop", found, fix: "install a newer version (https://nodejs.org/en/download)" };
}

/**
 * @param oldest the newest Go that any of the modules needs
 * @param missing what set-up still has to download or build
 */
export function judgeGo(go: Go | undefined, oldest: Version, missing: string[]): Finding {
	const subject = "Go";
	const version = go ? `version ${go.version.join(".")}` : "not on PATH";
	if (go && canBuild(go, oldest)) {
		const needed = oldest.join(".");
		const found = isAtLeast(go.version, oldest) ? version : `${version}, which downloads ${needed} if needed`;
		return { subject, level: "ok", found };
	}
	if (missing.length === 0) return { subject, level: "ok", found: `${version}; set-up has nothing left to build` };
	const found = `${version}; set-up needs ${oldest.join(".")} or newer to build what it can't download: ${missing.join(", ")}`;
	return { subject, level: "warning", found, fix: installGo(oldest) };
}
