/** Loaded into the Node.js process in which Pulumi runs index.ts: the program then comes from its bundle. */
import { realpathSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleOf } from "./bundle.mjs";

const program = pathToFileURL(realpathSync(fileURLToPath(new URL("../../index.ts", import.meta.url)))).href;
// Pulumi's own modules keep the state of the process.
const bundle = await bundleOf("index.ts", ["@pulumi/*"]);
const hooks = `const program = ${JSON.stringify(program)}, bundle = ${JSON.stringify(bundle)};
export const resolve = (specifier, context, next) =>
	specifier === program ? { url: bundle, shortCircuit: true } : next(specifier, context);`;
if (bundle !== program) register(`data:text/javascript,${encodeURIComponent(hooks)}`);
