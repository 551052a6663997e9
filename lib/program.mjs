/** Runs a program of this project, from any working folder: `node program.mjs <module> [argument …]`. */
import { bundleOf } from "./programs/bundle.mjs";

const [module] = process.argv.splice(2, 1);
process.argv[1] = module;
await import(await bundleOf(module));
