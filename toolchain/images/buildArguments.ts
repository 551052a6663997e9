/**
 * Prints the build arguments of an image, as an output of a step in GitHub Actions:
 * `node --import tsx toolchain/images/buildArguments.ts <echo | dnsutils> <the echo's image, already published>`.
 */
import { command } from "../../lib/programs/command.ts";
import { clientPackages, debianImage } from "./dnsutils.ts";
import { goImage } from "./echo.ts";

const all = (echo: string): Record<string, Record<string, string>> => ({
	echo: { BASE: goImage },
	dnsutils: { BASE: debianImage, ECHO: echo, PACKAGES: clientPackages.join(" ") },
});

await command(async () => {
	const [image = "", echo = ""] = process.argv.slice(2);
	const own = all(echo)[image];
	if (!own || !echo)
		throw new Error(`got "${image} ${echo}", allowed: echo or dnsutils, and the reference of the echo's image`);
	const lines = Object.entries(own).map(([name, value]) => `${name}=${value}`);
	console.log(["arguments<<end", ...lines, "end"].join("\n"));
	return 0;
});
