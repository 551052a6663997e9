/**
 * How long set-up takes: `npm run bench:setup` for its check with everything there, `npm run bench:setup -- --cold`
 * also for a fresh clone of HEAD with empty caches. Cold first runs `npm run clean`: it removes what set-up added.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";

const { values } = parseArgs({ options: { cold: { type: "boolean", default: false } } });

/** Seconds that a set-up in that folder takes. */
async function setUp(cwd: string, env: Record<string, string> = {}): Promise<number> {
	const started = performance.now();
	await execa("node", ["toolchain/bootstrap.mjs", "true"], { cwd, env, stdio: ["ignore", 2, 2] });
	return (performance.now() - started) / 1000;
}

/** A fresh clone, an empty cache of our own and of Go's builds; Go's module cache too, so that all is downloaded. */
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
	// The first may still have something to get, such as after a cold run elsewhere.
	first: await setUp("."),
	warmSeconds: [await setUp("."), await setUp("."), await setUp("."), await setUp("."), await setUp(".")].sort(),
};
console.log(JSON.stringify(results, null, 1));
