/** The experiments in running order: those that recreate the cluster or wait long come last. */
import { clientIpLost } from "./clientIpLost.ts";
import { deadNodeDeadUrl } from "./deadNodeDeadUrl.ts";
import { localBlackHoles } from "./localBlackHoles.ts";
import { manyServices } from "./manyServices/manyServices.ts";
import { oneServicePerPort } from "./oneServicePerPort.ts";
import { openEverywhere } from "./openEverywhere.ts";
import { pinnedPod } from "./pinnedPod.ts";
import { secondHop } from "./secondHop.ts";
import type { Experiment } from "./support/experiment.ts";
import { unevenLoad } from "./unevenLoad.ts";
import { whatNext } from "./whatNext.ts";

export const experiments: readonly Experiment[] = [
	clientIpLost,
	localBlackHoles,
	secondHop,
	unevenLoad,
	oneServicePerPort,
	whatNext,
	deadNodeDeadUrl,
	pinnedPod,
	openEverywhere,
	manyServices,
];
