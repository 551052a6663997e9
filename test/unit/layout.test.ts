/** The rules about folders and file names in CONTRIBUTING.md. */
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";

const otherFolders = new Set(["node_modules", ".git", ".toolchain", ".state", "dist", "out", "fixtures"]);

function modulesBelow(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) return otherFolders.has(entry.name) ? [] : modulesBelow(path);
		return /\.(ts|mjs)$/.test(entry.name) ? [path] : [];
	});
}

/** Groups of paths that have the same key. */
function groups(paths: string[], key: (path: string) => string): [string, string[]][] {
	const keys = [...new Set(paths.map(key))];
	return keys.map((each) => [each, paths.filter((path) => key(path) === each)]);
}

const mostModules = 12;
const repeatable = /^(index|parse|walk|model)(\.test)?\.ts$/;

const largeFolders = (paths: string[]): string[] =>
	groups(paths, dirname)
		.filter(([, modules]) => modules.length > mostModules)
		.map(([folder, { length }]) => `${folder} has ${length} modules; fix: split it by subject`);

const repeatedNames = (paths: string[]): string[] =>
	groups(paths, (path) => basename(path))
		.filter(([name, modules]) => modules.length > 1 && !repeatable.test(name))
		.map(([, modules]) => `${modules.join(" and ")} have the same name; fix: rename all but one`);

/** Tests of test/bench, test/capture and test/docs have no other place. */
const testedFolder = (path: string): string =>
	dirname(path)
		.replace(/^test\/unit\/?/, "")
		.replace(/^(bench|capture|docs)/, "test/$1");

const strayTests = (paths: string[]): string[] =>
	groups(
		paths.filter((path) => path.startsWith("test/unit/")),
		testedFolder,
	)
		.filter(([folder]) => !paths.some((path) => join(path).startsWith(folder === "" ? "" : `${folder}/`)))
		.map(([, modules]) => `${modules.join(", ")}: no such folder is tested; fix: move to the folder of what is tested`);

const modules = modulesBelow(".");

it.each([
	["a folder with too many modules", largeFolders, Array.from({ length: 13 }, (_, i) => `a/${i}.ts`)],
	["two modules with the same name", repeatedNames, ["a/state.ts", "b/state.ts"]],
	["a test outside the folder of what it tests", strayTests, ["cli/a.ts", "test/unit/kind/a.test.ts"]],
])("these rules find %s", (_, broken, paths) => {
	expect(broken(paths)).toHaveLength(1);
});

it(`no folder has more than ${mostModules} modules`, () => expect(largeFolders(modules)).toEqual([]));

it("no two modules have the same name, except index, parse, walk and model", () =>
	expect(repeatedNames(modules)).toEqual([]));

it("test/unit mirrors the folders", () => expect(strayTests(modules)).toEqual([]));
