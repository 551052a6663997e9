/** Requests that a rule stops although no finding says why: a Service isn't healthy then. */
import type { WeighedFinding } from "../../diagnosisFinding.ts";
import type { PredictedRequest } from "../../prediction/prediction.ts";
import { mergeFindings } from "../mergeFindings.ts";
import { foreign, stopEffect } from "./ruleFindings.ts";

/** @param found all other findings */
export function unexplainedFindings(
	requests: readonly PredictedRequest[],
	found: readonly WeighedFinding[],
): WeighedFinding[] {
	const stopped = requests.filter(({ prediction: { client } }) => client.kind !== "loopback");
	const unexplained = stopped.flatMap((request) =>
		request.branches.flatMap(({ end, legs }): WeighedFinding[] => {
			const leg = legs.at(-1);
			const hop = leg?.path.hops.at(-1);
			if ((end.kind !== "drop" && end.kind !== "reject") || !leg || !hop) return [];
			if (found.some((one) => explains(one, leg.node))) return [];
			return [{ ...foreign(request, leg, hop, stopEffect(end)), weight: "suspect" }];
		}),
	);
	return mergeFindings(unexplained);
}

/** Whether a finding says why a rule of the node stops requests. */
function explains({ weight, finding }: WeighedFinding, node: string): boolean {
	switch (finding.kind) {
		case "sourceRanges":
		case "noEndpointObjects":
		case "slicePort":
		case "selectorMatchesNothing":
			return true;
		// While pods that are being deleted still answer, the rules serve them.
		case "noReadyEndpoint":
		case "targetPort":
			return weight === "cause";
		case "localWithoutPod":
		case "nodeRules":
		case "foreignRule":
		case "sysctl":
			return finding.nodes.includes(node);
		default:
			return false;
	}
}
