/**
 * Runs a program of this project, from any working folder: `node program.mjs <module> [argument …]`, the module from the
 * project's root. Node.js reads no TypeScript; tsx is found from here, wherever the command runs.
 */
import { register } from "tsx/esm/api";

register();
const [module] = process.argv.splice(2, 1);
process.argv[1] = module;
await import(new URL(`../${module}`, import.meta.url).href);
