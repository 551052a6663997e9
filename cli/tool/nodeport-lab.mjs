#!/usr/bin/env node
/** The command nodeport-lab, from any working folder: the compiled program, or in the repository the current source. */
import { existsSync } from "node:fs";

const runner = new URL("../../lib/program.mjs", import.meta.url);
if (existsSync(runner)) {
	process.argv.splice(2, 0, "cli/tool/nodeportLab.ts");
	await import(runner.href);
} else await import("../../dist/programs/nodeport-lab.js");
