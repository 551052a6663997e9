import { engineStep } from "../engine/engine.ts";
import { dnsutilsStep, echoStep, nodeStep } from "../images/imageSteps.ts";
import { officialProviderStep } from "../plugins/officialProvider.ts";
import { pluginsStep } from "../plugins/plugins.ts";
import { kindStep, kubectlStep, pulumiStep } from "../tools/locate.ts";
import type { Step } from "./step.ts";

/** Everything that must be there. Where builds compete for the processors, what comes first here is built first. */
export const everything: Step[] = [
	engineStep,
	kindStep,
	pulumiStep,
	pluginsStep,
	kubectlStep,
	echoStep,
	dnsutilsStep,
	nodeStep,
];

/** The tests also run with Pulumi's own Kubernetes provider. */
export const forTests: Step[] = [...everything, officialProviderStep];

/** What of it a cluster needs that exists: no engine, and no images, which its nodes get by themselves. */
export const forExisting: Step[] = [pulumiStep, pluginsStep, kubectlStep];

/** Of these, what may have to be built by Go: where it cannot be had ready-made. */
export const builtByGo: Step[] = [kindStep, pulumiStep, kubectlStep, echoStep, nodeStep];
