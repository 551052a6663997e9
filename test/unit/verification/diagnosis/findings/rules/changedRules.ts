/** Diagnoses of the captured cluster, with changed rules and objects. */
import { diagnose } from "../../../../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../../../../verification/diagnosis/readDiagnosis.ts";
import { fixture } from "../../../trace/traceLab.ts";
import { labObjects, MemorySource, type Objects } from "../../labObjects.ts";

/** How the rules that a node prints differ from the captured ones. */
export type Change = (saved: string) => string;

export async function diagnosisOf(
	name: string,
	changes: Record<string, Change>,
	change: (objects: Objects) => void = () => {},
	outsideIp?: string,
) {
	const objects = labObjects();
	change(objects);
	const run = (node: string, program: string[]) => {
		const changed = changes[node];
		if (!changed || program[0] !== "iptables-save") return undefined;
		return { code: 0, stdout: changed(fixture(`${node}.iptables.txt`)), stderr: "" };
	};
	const input = await readDiagnosis(new MemorySource(objects, { run }), { namespace: "default", name });
	return diagnose({ ...input, outsideIp });
}

/** Puts rules before all others of a chain, and the chains that they need. */
export const prepend =
	(table: string, rules: string[], chains: string[] = []): Change =>
	(saved) => {
		const [before = "", after = ""] = saved.split(`*${table}\n`);
		const at = after.search(/^(\[\d+:\d+\] -A |COMMIT$)/m);
		const declared = chains.map((chain) => `:${chain} - [0:0]\n`).join("");
		const added = rules.map((rule) => `[0:0] ${rule}\n`).join("");
		return `${before}*${table}\n${after.slice(0, at)}${declared}${added}${after.slice(at)}`;
	};

export const without =
	(pattern: RegExp): Change =>
	(saved) =>
		saved
			.split("\n")
			.filter((line) => !pattern.test(line))
			.join("\n");
