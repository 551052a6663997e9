import { type ParseArgsConfig, parseArgs } from "node:util";

/**
 * A command's arguments. Where help is asked for, prints it and ends the process.
 * @param usage how the command is called, for the message
 * @param more what its arguments may be, for the help
 * @throws where one is unknown, misses its value or is one too many: what is wrong, and what is allowed
 */
export function parseArguments<T extends ParseArgsConfig>(
	usage: string,
	config: T,
	more: string[] = [],
): ReturnType<typeof parseArgs<T>> {
	const args = config.args ?? process.argv.slice(2);
	if (args.includes("--help") || args.includes("-h")) {
		console.log([`usage: ${usage}`, ...more.map((line) => `  ${line}`)].join("\n"));
		process.exit(0);
	}
	try {
		return parseArgs(config);
	} catch (error) {
		// Node's advice on how to pass what looks like an option as something else is for other programs.
		const [what] = (error as Error).message.split(/\.\s/);
		throw new Error(`${what}; usage: ${usage}`, { cause: error });
	}
}
