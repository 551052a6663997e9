/** The running lab as the lesson uses it. */
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import { LiveSource } from "../../kubernetes/source/liveSource.ts";
import { labChangeText } from "../../report/lesson/lessonText.ts";
import { progressText } from "../../report/progressText.ts";
import { diagnose } from "../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../verification/diagnosis/readDiagnosis.ts";
import { LabSnapshot } from "../../verification/experiments/support/labSnapshot.ts";
import type { LessonLab } from "../../verification/lesson/lessonLab.ts";
import type { Progress } from "../../verification/progress.ts";
import type { Request } from "../../verification/request.ts";
import { rulesetsOf, settledSnapshot, settleNodes } from "../../verification/settle.ts";
import { faultTools } from "./repairLab.ts";

/** How long API and rules may take until they agree. */
const settleSeconds = 60;

export function liveLab(request: Request, signal: AbortSignal, print: (line: string) => void): LessonLab {
	const tools = faultTools(request);
	const source = new LiveSource(tools.cluster.config);
	return {
		...tools,
		signal,
		snapshot: () => settledLab(tools.cluster, request),
		diagnose: async () => diagnose(await readDiagnosis(source, request.service)),
		report: (change) => print(labChangeText(change)),
	};
}

async function settledLab(cluster: Cluster, request: Request): Promise<LabSnapshot> {
	const deadline = performance.now() + settleSeconds * 1000;
	const say = (progress: Progress) => console.error(progressText(progress));
	const snapshot = await settledSnapshot(cluster, request, deadline, say);
	const settled = await Promise.all(settleNodes(cluster, snapshot, request, { deadline, say }).values());
	return new LabSnapshot(cluster, snapshot, rulesetsOf(settled));
}
