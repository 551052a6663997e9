/** One branch of a journey as a picture. */
import type { Hop } from "../../../netfilter/model.ts";
import type { RecordedBranch } from "../../../verification/journey/model.ts";
import type { ReportedClient } from "../../../verification/report.ts";
import { bandsOf, type Scene } from "./lanes.ts";
import type { Picture } from "./model.ts";
import { replyRows } from "./replyRows.ts";
import { requestRows } from "./requestRows.ts";

export function pictureOf(scene: Scene, branch: RecordedBranch, hops: readonly Hop[], client: ReportedClient): Picture {
	const request = requestRows(branch, hops, client);
	const reply = replyRows(branch, hops, client, scene.nodes);
	const isAnswered = branch.end.kind === "pod";
	return {
		bands: bandsOf(scene, branch, client),
		rows: [...request, ...(reply ?? [])],
		...(isAnswered && !reply && { note: "The reply isn't drawn: it need not come back through the same nodes." }),
	};
}
