import { askEngine, type Engine, whySilent } from "../../toolchain/engine/readEngine.ts";
import { decideRemedy, lookAtMachine, type Remedy } from "../../toolchain/engine/remedy.ts";
import { SetupError } from "../../toolchain/setupError.ts";
import { isAtLeast, parseVersion, type Version } from "../../toolchain/version.ts";
import type { Finding } from "./finding.ts";

/** The engine, or what becomes of one that does not answer: what set-up does, or what only the user can do. */
export type EngineState = { engine: Engine } | { remedy: Remedy } | { fault: SetupError };

export async function lookAtEngine(): Promise<EngineState> {
	const answer = await askEngine();
	if ("engine" in answer) return { engine: answer.engine };
	try {
		return { remedy: decideRemedy(await lookAtMachine(answer), whySilent(answer)) };
	} catch (error) {
		if (error instanceof SetupError) return { fault: error };
		throw error;
	}
}

/** Whether the engine works on this machine itself, or will once set-up has started it. */
export const isHere = (state: EngineState): boolean => ("engine" in state ? state.engine.here : "remedy" in state);

/** The lab was tried with no older one. */
const oldest: Version = [20, 10, 0];

export function judgeEngine(state: EngineState): Finding {
	const subject = "Docker engine";
	const unseen = "; the cluster, its networks and images are looked at when it answers";
	if ("fault" in state)
		return { subject, level: "stop", found: `${state.fault.message}${unseen}`, fix: state.fault.fix };
	if ("remedy" in state) {
		const does = state.remedy.install
			? "none is installed: set-up installs Debian's and starts it"
			: "it does not run: set-up starts it";
		return { subject, level: "warning", found: `${does}${unseen}`, fix: "npm run setup" };
	}
	const { version, here } = state.engine;
	const found = `version ${version}${here ? "" : ", which does not run on this machine itself"}`;
	const parsed = parseVersion(version);
	if (parsed && isAtLeast(parsed, oldest)) return { subject, level: "ok", found };
	const fix = "install a newer one (https://docs.docker.com/engine/install/)";
	return { subject, level: "warning", found: `${found}; the lab was tried with ${oldest.join(".")} and newer`, fix };
}
