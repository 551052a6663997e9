/** Everything that the doctor looks at, side by side: it only reads, and changes nothing. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { needsBoundedRuntime } from "../../toolchain/engine/capabilities.ts";
import { builtByGo, everything } from "../../toolchain/everything.ts";
import { findGo } from "../../toolchain/goCommand.ts";
import { leastGoOfAll } from "../../toolchain/goModule.ts";
import { nodeStep } from "../../toolchain/imageSteps.ts";
import { images } from "../../toolchain/images/context.ts";
import { project } from "../../toolchain/layout.ts";
import type { Have, Step } from "../../toolchain/step.ts";
import { judgeConfiguration, readConfiguration } from "./configuration.ts";
import { isHere, judgeEngine, lookAtEngine } from "./engine.ts";
import type { Finding } from "./finding.ts";
import { labChecks } from "./lab.ts";
import { judgeCapabilities, judgeControlGroups, ownControlGroups } from "./limits.ts";
import { judgeGo, judgeNode } from "./programs.ts";

/** One look at the machine, and what it finds. */
export type Check = [subject: string, look: () => Promise<Finding[]>];

/** What set-up must provide, and what of it is there. */
export type SetUp = ReadonlyMap<Step, Have | undefined>;

/** All findings about this machine and a stack of the project in the working folder. */
export async function findings(stack: string): Promise<Finding[]> {
	const [state, configuration, setUp] = await Promise.all([lookAtEngine(), readConfiguration(stack), lookAtSetUp()]);
	const config = "config" in configuration ? configuration.config : undefined;
	const engine = "engine" in state ? state.engine : undefined;
	const nodeImage = config?.nodeImage ?? images.node;
	const ownImage = nodeImage === images.node && setUp.get(nodeStep)?.how === "built";
	const ofMachine: Check[] = [
		["control groups", async () => [judgeControlGroups(engine ?? ownControlGroups(), ownImage)]],
		["capabilities", async () => [judgeCapabilities(engine, needsBoundedRuntime())]],
	];
	const checks: Check[] = [
		["Node.js", async () => [judgeNode(process.versions.node, await neededNode())]],
		["Go", async () => [judgeGo(await findGo(), await leastGoOfAll(), missing(setUp))]],
		["Docker engine", async () => [judgeEngine(state)]],
		// Of an engine elsewhere that does not answer nothing is known.
		...(engine || isHere(state) ? ofMachine : []),
		["configuration", async () => [judgeConfiguration(configuration)]],
		...(config ? labChecks(config, { state, setUp, stack }) : []),
	];
	return (await Promise.all(checks.map(judged))).flat();
}

/** A look that fails is a finding like any other. */
async function judged([subject, look]: Check): Promise<Finding[]> {
	try {
		return await look();
	} catch (error) {
		return [{ subject, level: "warning", found: `could not be looked at: ${(error as Error).message}` }];
	}
}

const lookAtSetUp = async (): Promise<SetUp> =>
	new Map(await Promise.all(everything.map(async (step) => [step, await step.find()] as const)));

const missing = (setUp: SetUp): string[] =>
	builtByGo.filter((step) => setUp.get(step) === undefined).map(({ title }) => title);

async function neededNode(): Promise<string> {
	const { engines } = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as {
		engines: { node: string };
	};
	return engines.node;
}
