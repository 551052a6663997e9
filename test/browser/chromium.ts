/** A Chromium for the tests: one that is there, else Debian's package. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { layout } from "../../toolchain/layout.ts";
import { installPackages, isDebian } from "../../toolchain/machine/debianPackages.ts";
import { findPrograms } from "../../toolchain/path.ts";
import { logTo } from "../../toolchain/run.ts";
import { withLock } from "../../toolchain/steps/setupLock.ts";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const places = [
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
];

const found = (): string | undefined =>
	names.flatMap((name) => findPrograms(name))[0] ?? places.find((place) => existsSync(place));

/**
 * @returns the path of its program
 * @throws where there is none, and none may be installed
 */
export async function chromium(): Promise<string> {
	const there = found();
	if (there) return there;
	if (process.getuid?.() !== 0 || !isDebian()) {
		throw new Error("the report's tests need a Chromium; fix: run `sudo apt-get install chromium`, or install Chrome");
	}
	console.log("Installing Debian's package chromium, for the report's tests; `npm run clean` removes it.");
	return withLock(console.log, async () => {
		// Another one's tests may have installed it meanwhile.
		if (!found()) {
			await mkdir(layout.logs, { recursive: true });
			await installPackages(["chromium"], logTo(join(layout.logs, "chromium.log")));
		}
		const installed = found();
		if (installed) return installed;
		throw new Error("Debian's package chromium was installed, but there is no program chromium");
	});
}
