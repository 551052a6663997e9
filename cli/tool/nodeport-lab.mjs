#!/usr/bin/env node
/** The command nodeport-lab, from any working folder. */
process.argv.splice(2, 0, "cli/tool/nodeportLab.ts");
await import("../../lib/program.mjs");
