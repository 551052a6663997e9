/** Node.js, which runs the lab, and Go, which builds what cannot be had ready-made. */
import { canBuild, type Go, installGo } from "../../toolchain/builds/goCommand.ts";
import { isAtLeast, parseVersion, type Version } from "../../toolchain/version.ts";
import type { Finding } from "./finding.ts";

/** @param needed package.json's engines.node: ">=20.20" */
export function judgeNode(version: string, needed: string): Finding {
	const subject = "Node.js";
	const [got, least] = [parseVersion(version), parseVersion(needed)];
	if (!got || !least) throw new Error(`Node.js ${version} or its requirement ${needed} is no version`);
	const found = `version ${version}; needed: ${needed}`;
	if (isAtLeast(got, least)) return { subject, level: "ok", found };
	return { subject, level: "stop", found, fix: "install a newer one (https://nodejs.org/en/download)" };
}

/**
 * @param least what the modules need that are built at most
 * @param missing what set-up still has to get, and may have to build
 */
export function judgeGo(go: Go | undefined, least: Version, missing: string[]): Finding {
	const subject = "Go";
	const has = go ? `version ${go.version.join(".")}` : "none on PATH";
	if (go && canBuild(go, least)) {
		const found = isAtLeast(go.version, least) ? has : `${has}, which fetches ${least.join(".")} where that is needed`;
		return { subject, level: "ok", found };
	}
	if (missing.length === 0) return { subject, level: "ok", found: `${has}; set-up has nothing left to build` };
	const found = `${has}; set-up builds what it cannot download of ${missing.join(", ")} with ${least.join(".")} or newer`;
	return { subject, level: "warning", found, fix: installGo(least) };
}
