import { type ParseArgsConfig, parseArgs } from "node:util";
import { fill } from "../report/screen/fill.ts";
import { screenOf } from "./display/screenOf.ts";

/** The option of every command that prints a report. */
export const verbosity = { verbose: { type: "boolean", default: false } } as const;

export const verbosityHelp =
	"--verbose  shows all tables, all steps of the packet's path, and what Pulumi and set-up print";

/**
 * Parses a command's arguments. With --help or -h, prints the help and ends the process.
 * @param usage the command's form, for the help and for errors
 * @param more lines for the help about the arguments
 * @throws if an argument is unknown, lacks its value or is one too many
 */
export function parseArguments<T extends ParseArgsConfig>(
	usage: string,
	config: T,
	more: string[] = [],
): ReturnType<typeof parseArgs<T>> {
	const args = config.args ?? process.argv.slice(2);
	if (args.includes("--help") || args.includes("-h")) {
		const { width } = screenOf();
		const lines = more.flatMap((line) => {
			const [, name = "", text = line] = /^(--\S+ +)(.*)$/.exec(line) ?? [];
			return fill(text, width, `  ${name}`, `  ${" ".repeat(name.length || 2)}`);
		});
		console.log([...fill(`usage: ${usage}`, width, "", "  "), ...lines].join("\n"));
		process.exit(0);
	}
	try {
		return parseArgs(config);
	} catch (error) {
		// Node adds advice on how to pass an argument that looks like an option. No command takes such an argument.
		const [what] = (error as Error).message.split(/\.\s/);
		throw new Error(`${what}; usage: ${usage}`, { cause: error });
	}
}
