import { engineStep } from "../engine/engine.ts";
import { dnsutilsStep, echoStep, nodeStep } from "../images/imageSteps.ts";
import { officialProviderStep } from "../plugins/officialProvider.ts";
import { pluginsStep } from "../plugins/plugins.ts";
import { kindStep, kubectlStep, pulumiStep } from "../tools/locate.ts";
import type { Step } from "./step.ts";

/** Everything that the lab needs. Builds run in this order. */
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

/** What an existing cluster needs: no engine, and no images, because its nodes pull them. */
export const forExisting: Step[] = [pulumiStep, pluginsStep, kubectlStep];

/** What Go builds if it can't be downloaded. */
export const builtByGo: Step[] = [kindStep, pulumiStep, kubectlStep, echoStep, nodeStep];
