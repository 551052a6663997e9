/** Runs all checks in parallel. They only read, and change nothing. */
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
import { judgeControlGroups, localControlGroups } from "./engine/controlGroups.ts";
import { isHere, judgeEngine, readEngineState } from "./engine/engineState.ts";
import { existingChecks } from "./existingChecks.ts";
import type { Check, Finding } from "./finding.ts";
import { kindChecks } from "./kindChecks.ts";
import { judgeCapabilities } from "./machine/capabilityCheck.ts";
import { judgeGo, judgeNode } from "./machine/nodeAndGo.ts";

/** The findings about this machine and a stack of the project in the working folder. */
export async function runChecks(stack: string): Promise<Finding[]> {
	const configuration = await readConfiguration(stack);
	return configuration.existing ? runForExisting(configuration) : runForKind(configuration, stack);
}

async function runForKind(configuration: Configuration, stack: string): Promise<Finding[]> {
	const config = "config" in configuration ? configuration.config : undefined;
	const [state, { setUp, failed }] = await Promise.all([readEngineState(), inspectSetUp(everything)]);
	const engine = "engine" in state ? state.engine : undefined;
	const nodeImage = config?.nodeImage ?? images.node;
	const ownImage = nodeImage === images.node && setUp.get(nodeStep)?.how === "built";
	// Nothing is known about an engine on another machine that doesn't answer.
	const known = engine !== undefined || isHere(state);
	const controlGroups = async () => [judgeControlGroups(engine ?? localControlGroups(), ownImage)];
	const capabilities = async () => [judgeCapabilities(engine, needsBoundedRuntime())];
	const findings = await run([
		...versionChecks(missing(setUp, builtByGo)),
		{ subject: "Docker engine", run: async () => [judgeEngine(state)] },
		{ subject: "control groups", when: known, run: controlGroups },
		{ subject: "capabilities", when: known, run: capabilities },
		{ subject: "configuration", run: async () => [judgeConfiguration(configuration)] },
		...(config?.cluster === "kind"
			? kindChecks(config, { state, complete: missing(setUp, everything).length === 0, stack })
			: []),
	]);
	return [...findings, ...failed];
}

/** On an existing cluster, no Docker engine is needed, and this machine runs no nodes. */
async function runForExisting(configuration: Configuration): Promise<Finding[]> {
	const config = "config" in configuration ? configuration.config : undefined;
	const { setUp, failed } = await inspectSetUp(forExisting);
	const findings = await run([
		...versionChecks(
			missing(
				setUp,
				builtByGo.filter((step) => forExisting.includes(step)),
			),
		),
		{ subject: "configuration", run: async () => [judgeConfiguration(configuration)] },
		...(config?.cluster === "existing" ? existingChecks(config) : []),
	]);
	return [...findings, ...failed];
}

const versionChecks = (missing: string[]): Check[] => [
	{ subject: "Node.js", run: async () => [judgeNode(process.versions.node, await neededNode())] },
	{ subject: "Go", run: async () => [judgeGo(await findGo(), await leastGoOfAll(), missing)] },
];

const run = async (checks: Check[]): Promise<Finding[]> => (await Promise.all(checks.map(runOne))).flat();

/** A check that fails is a finding like any other. */
async function runOne({ subject, when = true, run }: Check): Promise<Finding[]> {
	try {
		return when ? await run() : [];
	} catch (error) {
		return [failedCheck(error, subject)];
	}
}

function failedCheck(error: unknown, subject: string, what = ""): Finding {
	const found = `${what}could not be checked: ${(error as Error).message}`;
	return { subject, level: "warning", found, ...(error instanceof SetupError && { fix: error.fix }) };
}

/** What each step of set-up found; undefined: it is missing, or could not be checked. */
type SetUp = ReadonlyMap<Step, Have | undefined>;

async function inspectSetUp(steps: Step[]): Promise<{ setUp: SetUp; failed: Finding[] }> {
	const failed: Finding[] = [];
	const inspect = async (step: Step) => {
		try {
			return [step, await step.find()] as const;
		} catch (error) {
			failed.push(failedCheck(error, "set-up", `${step.title} `));
			return [step, undefined] as const;
		}
	};
	return { setUp: new Map(await Promise.all(steps.map(inspect))), failed };
}

const missing = (setUp: SetUp, steps: Step[]): string[] =>
	steps.filter((step) => setUp.get(step) === undefined).map(({ title }) => title);

async function neededNode(): Promise<string> {
	const { engines } = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as {
		engines: { node: string };
	};
	return engines.node;
}
