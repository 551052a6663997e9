/**
 * A lab with one worker: what it refuses, what many Services cost, which rights its pods have, the programs that build on it, its credentials, and
 * both Kubernetes providers. The tests build on each other.
 */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import {
	consumerAfterLab,
	consumerBeforeLab,
	consumerIsDestroyed,
	consumerOfLab,
	programOfComponents,
} from "./suites/consumer.ts";
import { manyServices } from "./suites/drawbacks/proxyModes.ts";
import { interchange } from "./suites/interchange.ts";
import { podRights } from "./suites/podRights.ts";
import { configure, refusals, refusalsBeforeStart } from "./suites/refusals.ts";
import { secrets, secretsAfterDestroy } from "./suites/secrets.ts";
import { Lab } from "./support/lab.ts";
import { watchProcesses } from "./support/processes.ts";
import { folderPrefix } from "./support/testResources.ts";

/** The temporary folder of everything that this file starts, named so that the next run removes it after a kill. */
const temporary = mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-temporary-`));

let created: Lab;
let processes: string[];
const lab = () => created;

beforeAll(async () => {
	vi.stubEnv("TMPDIR", temporary);
	created = await Lab.create();
	await configure(created, { workers: "1", connectivity: "full" });
	return async () => {
		await created.remove();
		vi.unstubAllEnvs();
		await rm(temporary, { recursive: true });
	};
});

consumerBeforeLab(lab);
refusalsBeforeStart(lab);

it("starts", async () => {
	const watch = watchProcesses(temporary);
	const { exitCode, all } = await created.run("cli/start.ts");
	processes = watch.stop();
	expect(exitCode, all).toBe(0);
});

refusals(lab);
manyServices(lab);
podRights(lab);
secrets(lab, temporary, () => processes);
consumerOfLab(lab);
programOfComponents(lab);
consumerIsDestroyed(lab);
secretsAfterDestroy(lab, temporary);
consumerAfterLab();
interchange(lab);
