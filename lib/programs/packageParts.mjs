/** What the package consists of, by the names of its files in dist/. */

/** What other programs import. */
export const entryPoints = {
	index: "components/index.ts",
	contract: "components/lab/labOutputs.ts",
	netfilter: "netfilter/library/index.ts",
};

/** What components and the command line start. */
export const programs = {
	kindProgram: "kind/kindProgram.ts",
	checkProgram: "verification/check/checkProgram.ts",
	verificationProgram: "verification/verificationProgram.ts",
	"nodeport-lab": "cli/tool/nodeportLab.ts",
};
