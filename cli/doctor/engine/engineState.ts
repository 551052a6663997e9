import { askEngine, type Engine, whySilent } from "../../../toolchain/engine/readEngine.ts";
import { decideRemedy, inspectMachine, type Remedy } from "../../../toolchain/engine/remedy.ts";
import { SetupError } from "../../../toolchain/setupError.ts";
import { isAtLeast, parseVersion, type Version } from "../../../toolchain/version.ts";
import type { Finding } from "../finding.ts";

/** The engine; or, if none answers, what set-up does about it, or what only the user can do. */
export type EngineState = { engine: Engine } | { remedy: Remedy } | { fault: SetupError };

export async function readEngineState(): Promise<EngineState> {
	const answer = await askEngine();
	if ("engine" in answer) return { engine: answer.engine };
	try {
		return { remedy: decideRemedy(await inspectMachine(answer), whySilent(answer)) };
	} catch (error) {
		if (error instanceof SetupError) return { fault: error };
		throw error;
	}
}

/** The engine runs on this machine itself, or will once set-up has started it. */
export const isHere = (state: EngineState): boolean => ("engine" in state ? state.engine.here : "remedy" in state);

/** The oldest version that the lab was tested with. */
const oldest: Version = [20, 10, 0];

export function judgeEngine(state: EngineState): Finding {
	const subject = "Docker engine";
	const skipped = "; cluster, network and image checks run once it is up";
	if ("fault" in state) {
		return { subject, level: "stop", found: `${state.fault.message}${skipped}`, fix: state.fault.fix };
	}
	if ("remedy" in state) {
		const action = state.remedy.install
			? "not installed: set-up installs Debian's and starts it"
			: "not running: set-up starts it";
		return { subject, level: "warning", found: `${action}${skipped}`, fix: "npm run setup", automatic: true };
	}
	const { version, here } = state.engine;
	const found = `version ${version}${here ? "" : ", not on this machine itself"}`;
	const parsed = parseVersion(version);
	if (parsed && isAtLeast(parsed, oldest)) return { subject, level: "ok", found };
	const fix = "install a newer version (https://docs.docker.com/engine/install/)";
	return { subject, level: "warning", found: `${found}; the lab was tested with ${oldest.join(".")} and newer`, fix };
}
