/** The Docker engine: found, or started, or installed and started. */
import { installPackages } from "../debian.ts";
import { Fault } from "../fault.ts";
import { findPrograms } from "../path.ts";
import type { Have, Step, Work } from "../step.ts";
import { askEngine, type Engine } from "./ask.ts";
import { needsBoundedRuntime } from "./capabilities.ts";
import { startDockerd } from "./dockerd.ts";
import { inotifyNotice, raiseInotify } from "./inotify.ts";
import { decideRemedy, lookAtMachine, type Remedy } from "./remedy.ts";

export const engineStep: Step = {
	title: "Docker engine",
	name: "engine",
	needs: [],
	find: findEngine,
	get: getEngine,
};

/** How the engine came to answer, in this run. */
let how = "found";

async function findEngine(): Promise<Have | undefined> {
	const answer = await askEngine();
	if (!("engine" in answer)) return undefined;
	const notice = [boundedNotice(answer.engine), process.env.DOCKER_HOST ? undefined : inotifyNotice()]
		.filter((text) => text !== undefined)
		.join("\n");
	return { what: `Docker engine ${answer.engine.version}`, how, ...(notice && { notice }) };
}

/** An engine that somebody else started may lack what this machine needs. */
function boundedNotice(engine: Engine): string | undefined {
	// Of an engine elsewhere nothing is known.
	if (process.env.DOCKER_HOST || !needsBoundedRuntime() || engine.defaultRuntime === "bounded") return undefined;
	return (
		"This machine's root lacks a capability, and the Docker engine was started without the runtime that heeds it: " +
		'if nodes fail with "unable to apply caps", end that engine (kill "$(cat /var/run/docker.pid)") and run this again.'
	);
}

async function getEngine(work: Work): Promise<void> {
	const answer = await askEngine();
	if ("engine" in answer) return;
	const said = "silent" in answer ? answer.silent : "there is no docker command";
	const remedy = decideRemedy(await lookAtMachine(answer), said);
	if (remedy.install) await install(work);
	await work.part("starting", () => start(remedy.start, work));
	// Whoever may start an engine by hand is root.
	const raised = remedy.start === "dockerd" ? raiseInotify() : undefined;
	if (raised) work.say(raised);
	how = remedy.install ? "installed and started" : "started";
}

async function install(work: Work): Promise<void> {
	work.say(
		"No Docker engine is installed: installing Debian's docker.io, and what it needs, as root. " +
			"`npm run clean` removes what this adds.",
	);
	const packages = ["docker.io", ...(needsBoundedRuntime() ? ["jq"] : [])];
	await work.part("installing Debian packages", async () => {
		await installPackages(packages, work.run);
		// From Debian 13 on the command is a package of its own, which docker.io only recommends.
		if (findPrograms("docker").length === 0) await installPackages(["docker-cli"], work.run);
	});
}

async function start(how: Remedy["start"], work: Work): Promise<void> {
	if (how === "systemctl") {
		await work.run("systemctl", ["start", "docker"]);
		return;
	}
	// engine/bounded-runtime.sh reads container configurations by it.
	if (needsBoundedRuntime() && findPrograms("jq").length === 0) {
		throw new Fault("the engine needs jq here, as root lacks a capability", "run `apt-get install jq`");
	}
	await startDockerd();
}
