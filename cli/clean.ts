/** `npm run clean`: removes only what set-up added to this machine. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { command } from "../lib/programs/command.ts";
import { removeAdded } from "../toolchain/machine/removal.ts";
import { explain } from "../toolchain/setupError.ts";
import { withLock } from "../toolchain/steps/setupLock.ts";
import { parseArguments } from "./arguments.ts";
import { labClusters } from "./labClusters.ts";

await command(async () => {
	parseArguments("npm run clean", {});
	return clean();
});

async function clean(): Promise<number> {
	try {
		// The lock is in one of the folders.
		const folders = await withLock(console.log, () => removeAdded(labClusters));
		for (const folder of folders.filter(existsSync)) {
			console.log(`Removing ${folder}.`);
			await rm(folder, { recursive: true, force: true });
		}
	} catch (error) {
		console.error(explain("npm run clean", error));
		return 1;
	}
	console.log(
		"Not removed: node_modules, the stacks' state (.state), reports and evidence (out), Go's caches (go clean -cache " +
			"-modcache), the cache of Docker's builder (docker builder prune), kind's network (docker network rm kind).",
	);
	return 0;
}
