import { capabilityAdvice } from "../../../toolchain/engine/capabilities.ts";
import type { Engine } from "../../../toolchain/engine/readEngine.ts";
import type { Finding } from "../finding.ts";

/**
 * @param engine undefined: set-up will start it, with a runtime that allows for missing capabilities
 * @param lacking root lacks a capability
 */
export function judgeCapabilities(engine: Engine | undefined, lacking: boolean): Finding {
	const subject = "capabilities";
	const advice = engine && capabilityAdvice(engine, lacking);
	if (advice) return { subject, level: "warning", ...advice };
	if (engine && !engine.here) return { subject, level: "ok", found: "not checked: the engine isn't on this machine" };
	if (!lacking) return { subject, level: "ok", found: "root has all capabilities" };
	const found = `root lacks some capabilities; containers ${engine ? "run" : "will run"} with the remaining ones`;
	return { subject, level: "ok", found };
}
