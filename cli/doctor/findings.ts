/** Everything that the doctor looks at, side by side: it only reads, and changes nothing. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findGo } from "../../toolchain/builds/goCommand.ts";
import { leastGoOfAll } from "../../toolchain/builds/goModule.ts";
import { needsBoundedRuntime } from "../../toolchain/engine/capabilities.ts";
import { images } from "../../toolchain/images/context.ts";
import { nodeStep } from "../../toolchain/images/imageSteps.ts";
import { project } from "../../toolchain/layout.ts";
import { SetupError } from "../../toolchain/setupError.ts";
import { builtByGo, everything, forExisting } from "../../toolchain/steps/requiredSteps.ts";
import type { Have, Step } from "../../toolchain/steps/step.ts";
import { type Configuration, judgeConfiguration, readConfiguration } from "./configuration.ts";
import { isHere, judgeEngine, lookAtEngine } from "./engineCheck.ts";
import { existingChecks } from "./existingCluster.ts";
import type { Check, Finding } from "./finding.ts";
import { labChecks } from "./labChecks.ts";
import { judgeCapabilities, judgeControlGroups, ownControlGroups } from "./limits.ts";
import { judgeGo, judgeNode } from "./programs.ts";

/** All findings about this machine and a stack of the project in the working folder. */
export async function findings(stack: string): Promise<Finding[]> {
	const configuration = await readConfiguration(stack);
	const config = "config" in configuration ? configuration.config : undefined;
	if (configuration.existing) return findingsForExisting(configuration);
	const [state, { setUp, unseen }] = await Promise.all([lookAtEngine(), lookAtSetUp(everything)]);
	const engine = "engine" in state ? state.engine : undefined;
	const nodeImage = config?.nodeImage ?? images.node;
	const ownImage = nodeImage === images.node && setUp.get(nodeStep)?.how === "built";
	// Of an engine elsewhere that does not answer nothing is known.
	const known = engine !== undefined || isHere(state);
	const controlGroups = async () => [judgeControlGroups(engine ?? ownControlGroups(), ownImage)];
	const capabilities = async () => [judgeCapabilities(engine, needsBoundedRuntime())];
	const checks: Check[] = [
		{ subject: "Node.js", look: async () => [judgeNode(process.versions.node, await neededNode())] },
		{ subject: "Go", look: async () => [judgeGo(await findGo(), await leastGoOfAll(), missing(setUp, builtByGo))] },
		{ subject: "Docker engine", look: async () => [judgeEngine(state)] },
		{ subject: "control groups", when: known, look: controlGroups },
		{ subject: "capabilities", when: known, look: capabilities },
		{ subject: "configuration", look: async () => [judgeConfiguration(configuration)] },
		...(config?.cluster === "kind"
			? labChecks(config, { state, complete: missing(setUp, everything).length === 0, stack })
			: []),
	];
	return [...(await Promise.all(checks.map(judged))).flat(), ...unseen];
}

/** Where the lab deploys on a cluster that exists: no engine is asked, and this machine carries no nodes. */
async function findingsForExisting(configuration: Configuration): Promise<Finding[]> {
	const config = "config" in configuration ? configuration.config : undefined;
	const { setUp, unseen } = await lookAtSetUp(forExisting);
	const ofGo = builtByGo.filter((step) => forExisting.includes(step));
	const checks: Check[] = [
		{ subject: "Node.js", look: async () => [judgeNode(process.versions.node, await neededNode())] },
		{ subject: "Go", look: async () => [judgeGo(await findGo(), await leastGoOfAll(), missing(setUp, ofGo))] },
		{ subject: "configuration", look: async () => [judgeConfiguration(configuration)] },
		...(config?.cluster === "existing" ? existingChecks(config) : []),
	];
	return [...(await Promise.all(checks.map(judged))).flat(), ...unseen];
}

/** A look that fails is a finding like any other. */
async function judged({ subject, when = true, look }: Check): Promise<Finding[]> {
	try {
		return when ? await look() : [];
	} catch (error) {
		return [unseenBecause(error, subject)];
	}
}

function unseenBecause(error: unknown, subject: string, what = ""): Finding {
	const found = `${what}could not be looked at: ${(error as Error).message}`;
	return { subject, level: "warning", found, ...(error instanceof SetupError && { fix: error.fix }) };
}

/** What set-up must provide, and what of it is there; what could not be looked at counts as missing. */
type SetUp = ReadonlyMap<Step, Have | undefined>;

async function lookAtSetUp(steps: Step[]): Promise<{ setUp: SetUp; unseen: Finding[] }> {
	const unseen: Finding[] = [];
	const look = async (step: Step) => {
		try {
			return [step, await step.find()] as const;
		} catch (error) {
			unseen.push(unseenBecause(error, "set-up", `${step.title} `));
			return [step, undefined] as const;
		}
	};
	return { setUp: new Map(await Promise.all(steps.map(look))), unseen };
}

const missing = (setUp: SetUp, steps: Step[]): string[] =>
	steps.filter((step) => setUp.get(step) === undefined).map(({ title }) => title);

async function neededNode(): Promise<string> {
	const { engines } = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as {
		engines: { node: string };
	};
	return engines.node;
}
