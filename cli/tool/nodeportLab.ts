/** The command line nodeport-lab. */
import { Command, CommanderError } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { requestProblemText } from "../../report/diagnosis/requestProblemText.ts";
import { RefusedRequest } from "../../verification/diagnosis/requestProblem.ts";
import { addCollect } from "./collect.ts";
import { addDiagnose } from "./diagnose.ts";
import { addExplain } from "./explainService.ts";
import { addLabCommands } from "./labCommands.ts";
import { exitCodes } from "./output.ts";

const program = new Command("nodeport-lab")
	.description(
		"Explains a Kubernetes Service, and why it doesn't answer. Only the lab commands change anything; " +
			"explain without a Service is one of them.",
	)
	.version(manifest.version)
	.showHelpAfterError("(see --help)")
	.exitOverride();

addDiagnose(program);
addExplain(program);
addCollect(program, manifest.version);
addLabCommands(program);

try {
	await program.parseAsync();
} catch (error) {
	// Commander has printed its own errors, and the help.
	if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.failed;
	else {
		console.error(error instanceof Error && !process.env.NODEPORT_LAB_DEBUG ? `error: ${messageOf(error)}` : error);
		process.exitCode = exitCodes.failed;
	}
}

function messageOf(error: Error): string {
	return error instanceof RefusedRequest ? requestProblemText(error.problem) : error.message;
}

// Open connections must not delay the exit. The output is flushed first.
process.stdout.write("", () => process.exit());
