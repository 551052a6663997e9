/** The repair of what a lesson has broken. It loads nothing else of the lesson: `npm start` runs it too. */
import { runOnNode, stopNode } from "../../kind/kind.ts";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import { repairLeftFault } from "../../verification/lesson/brokenLab.ts";
import type { FaultTools } from "../../verification/lesson/lessonLab.ts";
import { startUntilReady } from "../stack/experimentLab.ts";
import { faultRecordPath } from "./lessonFiles.ts";

export function faultTools(access: Access): FaultTools {
	const cluster = new Cluster(access);
	return { cluster, stopNode, startNode: (name) => startUntilReady(cluster, name), onNode: runOnNode };
}

/** Repairs what a killed lesson has left. Call it only while no lesson runs. */
export async function repairLessonFault(access: Access): Promise<void> {
	const isRepaired = await repairLeftFault(faultRecordPath, faultTools(access));
	if (isRepaired) console.error("restored what a lesson that was killed had broken");
}
