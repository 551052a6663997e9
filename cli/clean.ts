/** `npm run clean`: removes only what set-up added to this machine. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { removeAdded } from "../toolchain/machine/removal.ts";
import { explain } from "../toolchain/setupError.ts";
import { withLock } from "../toolchain/steps/setupLock.ts";
import { labClusters } from "./labClusters.ts";

try {
	// The lock is in one of the folders.
	const folders = await withLock(console.log, () => removeAdded(labClusters));
	for (const folder of folders.filter(existsSync)) {
		console.log(`Removing ${folder}.`);
		await rm(folder, { recursive: true, force: true });
	}
	console.log(
		"Not removed: node_modules, the stacks' state (.state), reports and evidence (out), Go's caches (go clean -cache " +
			"-modcache), the cache of Docker's builder (docker builder prune), kind's network (docker network rm kind).",
	);
} catch (error) {
	console.error(explain("npm run clean", error));
	process.exit(1);
}
