/** The Docker engine: found, or started, or installed and started. */
import { installPackages } from "../machine/debianPackages.ts";
import { findPrograms } from "../path.ts";
import { SetupError } from "../setupError.ts";
import type { Have, Step, Work } from "../steps/step.ts";
import { capabilityAdvice, needsBoundedRuntime } from "./capabilities.ts";
import { startDockerd } from "./dockerd.ts";
import { inotifyAdvice, raiseInotify } from "./inotify.ts";
import { askEngine, whySilent } from "./readEngine.ts";
import { decideRemedy, inspectMachine, type Remedy } from "./remedy.ts";

export const engineStep: Step = {
	title: "Docker engine",
	name: "engine",
	needs: [],
	find: findEngine,
	get: getEngine,
};

/** What this run did to make the engine answer. */
let how = "found";

async function findEngine(): Promise<Have | undefined> {
	const answer = await askEngine();
	if (!("engine" in answer)) return undefined;
	const { engine } = answer;
	const advice = [capabilityAdvice(engine), engine.here ? inotifyAdvice() : undefined];
	const notice = advice.flatMap((one) => (one ? [`Note: ${one.found}: ${one.fix}`] : [])).join("\n");
	return { what: `Docker engine ${engine.version}`, how, ...(notice && { notice }) };
}

async function getEngine(work: Work): Promise<void> {
	const answer = await askEngine();
	if ("engine" in answer) return;
	const remedy = decideRemedy(await inspectMachine(answer), whySilent(answer));
	if (remedy.install) await install(work);
	await work.part("starting", () => start(remedy.start, work));
	// Only root can start dockerd directly.
	const raised = remedy.start === "dockerd" ? raiseInotify() : undefined;
	if (raised) work.say(raised);
	how = remedy.install ? "installed and started" : "started";
}

async function install(work: Work): Promise<void> {
	work.say(
		"Docker isn't installed: installing Debian's docker.io and its dependencies as root. " +
			"`npm run clean` removes them.",
	);
	const packages = ["docker.io", ...(needsBoundedRuntime() ? ["jq"] : [])];
	await work.part("installing Debian packages", async () => {
		await installPackages(packages, work.run);
		// From Debian 13 on, the docker command is in a separate package, which docker.io only recommends.
		if (findPrograms("docker").length === 0) await installPackages(["docker-cli"], work.run);
	});
}

async function start(how: Remedy["start"], work: Work): Promise<void> {
	if (how === "systemctl") {
		await work.run("systemctl", ["start", "docker"]);
		return;
	}
	// engine/bounded-runtime.sh needs it to read container configurations.
	if (needsBoundedRuntime() && findPrograms("jq").length === 0) {
		throw new SetupError(
			"the engine needs jq on this machine, because root lacks a capability",
			"run `apt-get install jq`",
		);
	}
	await startDockerd();
}
