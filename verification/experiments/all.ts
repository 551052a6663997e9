/** The experiments in running order: those that recreate the cluster or wait long come last. */
import { affinity } from "./affinity.ts";
import { clientIpLost } from "./clientIpLost.ts";
import { localBlackHoles } from "./localBlackHoles.ts";
import { manyServices } from "./manyServices/manyServices.ts";
import { oneServicePerPort } from "./oneServicePerPort.ts";
import { openEverywhere } from "./openEverywhere.ts";
import { deadNodeDeadUrl } from "./outages/deadNodeDeadUrl.ts";
import { pinnedPod } from "./outages/pinnedPod.ts";
import { staleUdp } from "./outages/staleUdp.ts";
import { terminating } from "./outages/terminating.ts";
import { secondFamily } from "./secondFamily.ts";
import { secondHop } from "./secondHop.ts";
import type { Experiment } from "./support/experiment.ts";
import { unevenLoad } from "./unevenLoad.ts";
import { whatNext } from "./whatNext.ts";

export const experiments: readonly Experiment[] = [
	clientIpLost,
	localBlackHoles,
	secondHop,
	unevenLoad,
	affinity,
	oneServicePerPort,
	whatNext,
	terminating,
	staleUdp,
	deadNodeDeadUrl,
	pinnedPod,
	openEverywhere,
	secondFamily,
	manyServices,
];
