import {
	inotifyAdvice,
	labInstances,
	labWatches,
	wantedInstances,
	wantedWatches,
	watchesFix,
} from "../../../toolchain/engine/inotify.ts";
import type { Finding } from "../finding.ts";

const subject = "inotify";

/** @param raises set-up raises the limit, because it starts the engine */
export function judgeInotify(allowed: number, workers: number, raises: boolean): Finding {
	const advice = inotifyAdvice(allowed);
	const needed = labInstances(workers);
	const found = `${allowed} instances per user; a cluster with ${workers} workers needs ${needed}`;
	if (!advice) return { subject, level: "ok", found };
	if (raises) {
		return {
			subject,
			level: "ok",
			found: `${found}; set-up raises the limit to ${wantedInstances} until the next boot`,
		};
	}
	if (allowed >= needed) return { subject, level: "warning", ...advice };
	return { subject, level: "stop", found: `${found}, and nodes fail with fewer`, fix: advice.fix };
}

/** @param allowed watches per user */
export function judgeWatches(allowed: number, workers: number): Finding {
	const needed = labWatches(workers);
	const found = `${allowed} watches per user; a cluster with ${workers} workers needs ${needed}`;
	if (allowed < needed)
		return { subject, level: "stop", found: `${found}, and nodes fail with fewer`, fix: watchesFix() };
	if (allowed >= wantedWatches) return { subject, level: "ok", found };
	return { subject, level: "warning", found: `${found}, and other programs need some too`, fix: watchesFix() };
}
