/** What is wrong with what a user asks for, as data. report/diagnosis/requestProblemText.ts makes the sentences. */
import type { Family, Protocol } from "../../netfilter/model.ts";

export type RequestProblem =
	| { kind: "serviceName"; value: string }
	| { kind: "address"; option: "--from" | "--node-ip"; value: string }
	/** `isDump`: there are no names of a cluster. */
	| { kind: "destination"; value: string; isDump: boolean }
	/** The destination names none of the Service's ports. */
	| { kind: "severalPorts"; value: string; ports: { port: number; protocol: Protocol; nodePort: number | undefined }[] }
	| { kind: "clientNotFound"; value: string; nodes: string[] }
	| { kind: "clientUnreadable"; value: string; message: string }
	/** The pod has no node, or no address of the family, yet. */
	| { kind: "clientNotRunning"; value: string; family: Family }
	| { kind: "entryNode"; value: string; nodes: string[] }
	/** The file isn't the whole output of iptables-save. */
	| { kind: "incompleteDump"; path: string; why: string }
	| { kind: "unparsedDump"; path: string; why: string }
	/** Two files have rules of one family and back end. */
	| { kind: "secondDump"; path: string; of: string }
	/** No file has rules for packets of the family. */
	| { kind: "noDump"; family: Family };

/** Ends the command. Its message is for developers: a user sees the problem in words. */
export class RefusedRequest extends Error {
	readonly problem: RequestProblem;

	constructor(problem: RequestProblem, options?: ErrorOptions) {
		super(JSON.stringify(problem), options);
		this.problem = problem;
	}
}
