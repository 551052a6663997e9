import { basename, join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take longest. They start first, so that the shorter ones fill both workers until the end. */
const longest = ["runningLab", "smallLab", "diagnose", "modes", "lab", "existingIptables", "packedPackage"];

class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const rank = ({ moduleId }: TestSpecification) =>
			(longest.indexOf(basename(moduleId, ".test.ts")) + longest.length + 1) % (longest.length + 1);
		return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
	}
}

const maxWorkers = 2;

// What computes runs first: a request that gets no processor for 10 s counts as failed.
const computing = { groupOrder: 0 };
const waiting = { groupOrder: 1 };

/** Their tests neither mock modules nor change the process, so they can share the modules that one of them has loaded. */
const pure = ["config", "docs", "kubernetes", "netfilter", "report", "verification"].map(
	(folder) => `test/unit/${folder}/**/*.test.ts`,
);

const unit = {
	sequence: computing,
	// The examples import the package by its name.
	alias: [
		{ find: /^nodeport-lab$/, replacement: join(import.meta.dirname, "components/index.ts") },
		{
			find: /^nodeport-lab\/contract$/,
			replacement: join(import.meta.dirname, "components/lab/labOutputs.ts"),
		},
	],
	maxWorkers,
	testTimeout: 30_000,
	hookTimeout: 60_000,
};

export default defineConfig({
	test: {
		projects: [
			{ test: { ...unit, name: "unit", include: pure, isolate: false } },
			{ test: { ...unit, name: "unit-isolated", include: ["test/unit/**/*.test.ts"], exclude: pure } },
			{
				test: {
					name: "browser",
					sequence: computing,
					include: ["test/browser/**/*.test.ts"],
					maxWorkers,
					testTimeout: 2 * 60_000,
					// Set-up may have to install the browser, or wait for another set-up.
					hookTimeout: 15 * 60_000,
				},
			},
			{
				test: {
					name: "integration",
					sequence: waiting,
					include: ["test/integration/**/*.test.ts"],
					globalSetup: "test/integration/support/globalSetup.ts",
					setupFiles: "test/integration/support/dockerNetwork.ts",
					maxWorkers,
					bail: 1,
					testTimeout: 15 * 60_000,
					hookTimeout: 15 * 60_000,
					// The slow tests measure the periods that the fast ones shorten.
					env: process.env.SLOW ? {} : { NODEPORT_LAB_NODE_GRACE_SECONDS: "16", NODEPORT_LAB_RULES_SECONDS: "20" },
				},
			},
			{
				test: {
					name: "kernel",
					sequence: computing,
					include: ["test/kernel/**/*.test.ts"],
					maxWorkers,
					testTimeout: 30 * 60_000,
					hookTimeout: 2 * 60_000,
				},
			},
		],
		sequence: { sequencer: LongestFirst },
		env: { PULUMI_ERROR_OUTPUT_STRING: "true" },
	},
});
