import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		projects: [
			{ test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 30_000 } },
			{
				test: {
					name: "browser",
					include: ["test/browser/**/*.test.ts"],
					testTimeout: 2 * 60_000,
					// Set-up may have to install the browser, and wait for its turn.
					hookTimeout: 15 * 60_000,
				},
			},
			{
				test: {
					name: "integration",
					include: ["test/integration/**/*.test.ts"],
					// One real cluster at a time is as much as two cores carry, and the tests of a file build on each other.
					fileParallelism: false,
					bail: 1,
					testTimeout: 15 * 60_000,
					hookTimeout: 15 * 60_000,
				},
			},
			{
				test: {
					name: "kernel",
					include: ["test/kernel/**/*.test.ts"],
					fileParallelism: false,
					testTimeout: 30 * 60_000,
					hookTimeout: 2 * 60_000,
				},
			},
		],
		env: { PULUMI_ERROR_OUTPUT_STRING: "true" },
	},
});
