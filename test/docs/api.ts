/** Writes the declarations of the package (docs/api/) and the reference made from them: `npm run docs:api`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../../lib/programs/command.ts";
import { declarations } from "./declarations.ts";
import { reference } from "./reference.ts";

await command(async () => {
	const texts = await declarations();
	await mkdir("docs/api", { recursive: true });
	for (const [name, text] of Object.entries(texts)) await writeFile(join("docs/api", `${name}.d.ts`), text);
	await writeFile("docs/reference.md", reference(texts.index ?? ""));
	return 0;
});
