/** What `npm run destroy` ends with: what was removed, what stays, and how to remove that. */

import type { Screen } from "../screen/screen.ts";
import { answerLines, type Line } from "./answerLines.ts";

export interface Destroyed {
	/** The lab's own kind cluster, or its namespace in an existing cluster. */
	removed: { kind: "cluster" | "namespace"; name: string };
	/** A kind cluster of the same name that another clone or stack, or something else, has created. */
	foreignCluster?: string;
	stack: string;
	/** The file with the stack's settings. */
	settings: string;
}

export function destroyedText({ removed, foreignCluster, stack, settings }: Destroyed, screen: Screen): string {
	const own = removed.kind === "cluster";
	const what = own ? `cluster ${removed.name} with everything in it, and its kubeconfig` : `namespace ${removed.name}`;
	const machine = own ? "tools, images, caches, the Docker engine and its network kind" : "tools and caches";
	const lines: Line[] = [
		{ label: "stays", text: `the stack ${stack}, its settings (${settings}), the reports in out/; ${machine}` },
		...(foreignCluster === undefined
			? []
			: [{ label: "stays", text: `a kind cluster named ${foreignCluster} that isn't managed by this stack` }]),
		{ label: "remove", text: `${own ? "docker network rm kind; " : ""}rm -r out; npm run clean` },
		{ label: "again", command: ["npm", "start"] },
	];
	return answerLines({ ok: true, text: `destroyed: ${what}` }, lines, screen);
}
