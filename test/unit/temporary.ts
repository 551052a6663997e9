import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";

/** A folder for each test of the file, gone after it; the cache is in it. */
export function temporaryFolder(): { readonly path: string } {
	const folder = { path: "" };
	beforeEach(() => {
		folder.path = mkdtempSync(join(tmpdir(), "nodeport-lab-test-"));
		vi.stubEnv("XDG_CACHE_HOME", join(folder.path, "cache"));
	});
	afterEach(() => {
		vi.unstubAllEnvs();
		rmSync(folder.path, { recursive: true, force: true });
	});
	return folder;
}

export function writeProgram(path: string, script: string): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, `#!/bin/sh\n${script}\n`);
	chmodSync(path, 0o755);
}
