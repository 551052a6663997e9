/**
 * Measures set-up: `npm run bench:setup` measures it when nothing is missing, and `npm run bench:setup -- --cold` also in a
 * fresh clone of HEAD with empty caches. `--cold` first runs `npm run clean`, which removes what set-up added.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";

const { values } = parseArgs({ options: { cold: { type: "boolean", default: false } } });

/** How many seconds set-up in that folder takes. */
async function setUp(cwd: string, env: Record<string, string> = {}): Promise<number> {
	const started = performance.now();
	await execa("node", ["toolchain/bootstrap.mjs", "true"], { cwd, env, stdio: ["ignore", 2, 2] });
	return (performance.now() - started) / 1000;
}

/** A fresh clone with an empty cache of this project, an empty build cache and an empty module cache of Go. */
async function cold(): Promise<number> {
	await execa("npm", ["run", "clean"], { stdio: ["ignore", 2, 2] });
	const scratch = await mkdtemp(join(tmpdir(), "nodeport-lab-bench-"));
	try {
		await execa("git", ["clone", "--quiet", process.cwd(), join(scratch, "clone")]);
		return await setUp(join(scratch, "clone"), {
			XDG_CACHE_HOME: join(scratch, "cache"),
			GOCACHE: join(scratch, "go-build"),
			GOMODCACHE: join(scratch, "go-mod"),
			GOFLAGS: "-modcacherw",
		});
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

const results = {
	...(values.cold && { coldSeconds: await cold() }),
	// The first run may still have something to get, for example after a cold run in another folder.
	first: await setUp("."),
	warmSeconds: [await setUp("."), await setUp("."), await setUp("."), await setUp("."), await setUp(".")].sort(),
};
console.log(JSON.stringify(results, null, 1));
