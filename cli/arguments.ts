import { type ParseArgsConfig, parseArgs } from "node:util";

/**
 * A command's arguments.
 * @param usage how the command is called, for the message
 * @throws where one is unknown, misses its value or is one too many: what is wrong, and what is allowed
 */
export function parseArguments<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
	try {
		return parseArgs(config);
	} catch (error) {
		// Node's advice on how to pass what looks like an option as something else is for other programs.
		const [what] = (error as Error).message.split(/\.\s/);
		throw new Error(`${what}; usage: ${usage}`, { cause: error });
	}
}
