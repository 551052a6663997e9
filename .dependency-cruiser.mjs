/** The order of the folders: a module imports from its own folder and from those further down, never up. */
const order = [
	["^index\\.ts$"],
	["^components/lab/"],
	["^components/"],
	["^cli/"],
	["^report/"],
	["^verification/"],
	["^kubernetes/"],
	["^kind/"],
	["^netfilter/"],
	["^config/"],
	["^toolchain/"],
	["^lib/"],
];

/** The programs that resource commands run print their results: the one exception. */
const printsReport = "^verification/(verificationProgram|check/checkProgram)\\.ts$";

const up = order.slice(1).map((row, index) => ({
	name: `up-from-${row[0].replace(/\W/g, "")}`,
	severity: "error",
	from: {
		path: row,
		// The package's entry point also exports the contract of the lab's outputs.
		...(row[0] === "^components/" && { pathNot: "^components/(lab/|index\\.ts$)" }),
		...(row[0] === "^verification/" && { pathNot: printsReport }),
	},
	to: { path: order.slice(0, index + 1).flat() },
}));

export default {
	forbidden: [
		...up,
		{ name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
		{
			name: "only-set-up-and-doctor-import-toolchain",
			severity: "error",
			from: { pathNot: "^(toolchain/|cli/doctor/|cli/(setup|clean)\\.ts$|test/)" },
			to: { path: "^toolchain/" },
		},
		{
			name: "netfilter-is-pure",
			severity: "error",
			from: { path: "^netfilter/" },
			to: { dependencyTypes: ["core"], pathNot: "^(crypto|util)$" },
		},
	],
	options: {
		doNotFollow: { path: "node_modules" },
		exclude: { path: "^(node_modules|test|examples)/" },
		tsPreCompilationDeps: true,
		tsConfig: { fileName: "tsconfig.json" },
		enhancedResolveOptions: {
			extensions: [".ts", ".mjs"],
			exportsFields: ["exports"],
			conditionNames: ["import", "node"],
		},
	},
};
