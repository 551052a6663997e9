/**
 * Prints the build arguments of an image, as an output of a step in GitHub Actions:
 * `node --import tsx toolchain/images/buildArguments.ts <echo | dnsutils>`.
 */
import { command } from "../../lib/programs/command.ts";
import { clientPackages, debianImage } from "./dnsutils.ts";
import { goImage } from "./echo.ts";

const all: Record<string, Record<string, string>> = {
	echo: { BASE: goImage },
	dnsutils: { BASE: debianImage, PACKAGES: clientPackages.join(" ") },
};

await command(async () => {
	const [image = ""] = process.argv.slice(2);
	const own = all[image];
	if (!own) throw new Error(`image: got "${image}", allowed: ${Object.keys(all).join(", ")}`);
	const lines = Object.entries(own).map(([name, value]) => `${name}=${value}`);
	console.log(["arguments<<end", ...lines, "end"].join("\n"));
	return 0;
});
