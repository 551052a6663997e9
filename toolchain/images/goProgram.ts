import type { Run } from "../run.ts";

/** Builds a small static program without dependencies for the engine's Linux. */
export async function buildGoProgram(
	run: Run,
	{ cwd, target, output }: { cwd: string; target: string; output: string },
): Promise<void> {
	await run("go", ["build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", output, target], {
		cwd,
		env: { CGO_ENABLED: "0", GOOS: "linux" },
	});
}
