/** A repeated `npm start`, where nothing has changed, against that of another checkout of the project. */
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { type Comparison, compared, inRounds } from "./rounds.ts";
import { log, seconds, toTheEnd } from "./runner.ts";

const stack = `bench-${process.pid}`;
const env = { PULUMI_STACK: stack };

/** Each checkout has its own stack and cluster; both run all the time. @param baseline the other checkout's folder */
export async function measureRepeatedStart(rounds: number, baseline: string): Promise<Comparison[]> {
	if (!existsSync(join(baseline, "Pulumi.yaml")))
		throw new Error(`--baseline: got ${JSON.stringify(baseline)}, allowed: a folder with a checkout of this project`);
	const folders = { measured: resolve("."), base: resolve(baseline) };
	const start = (cwd: string) => seconds("npm", ["start"], { cwd, env });
	try {
		for (const [name, folder] of Object.entries(folders)) {
			log(`creating a lab in ${folder}`);
			await configure(folder, `${stack}-${name}`);
			await start(folder);
			await start(folder);
		}
		const times = await inRounds(rounds, folders, async (folder, round) => {
			const taken = await start(folder);
			log(`${round}: npm start in ${folder}: ${taken.toFixed(1)} s`);
			return taken;
		});
		const measured = { what: "repeated npm start", seconds: times.measured };
		return [compared({ name: "start", measured, base: { what: "the baseline's", seconds: times.base }, aim: 0.5 })];
	} finally {
		for (const folder of Object.values(folders)) await remove(folder);
	}
}

const configurationIn = (folder: string) => join(folder, `Pulumi.${stack}.yaml`);

async function configure(folder: string, clusterName: string): Promise<void> {
	const file = parse(await readFile(join(folder, "Pulumi.dev.yaml"), "utf8"));
	const config = { ...file.config, "nodeport-lab:clusterName": clusterName };
	await writeFile(configurationIn(folder), stringify({ ...file, config }));
}

async function remove(folder: string): Promise<void> {
	if (!existsSync(configurationIn(folder))) return;
	await toTheEnd("npm", ["run", "destroy"], { cwd: folder, env });
	const script = `. ./.toolchain/env && pulumi stack rm ${stack} --yes --preserve-config`;
	await toTheEnd("sh", ["-c", script], { cwd: folder, env });
	await rm(configurationIn(folder));
}
