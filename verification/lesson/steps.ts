/** The steps of the lesson, in the order of the walkthrough, with their questions; then the costs, and what avoids them. */
import {
	destinationChain,
	endpoints,
	nodesPassed,
	nodesWithRules,
	podNode,
	type Question,
	readyNodes,
	rewrites,
	secondService,
} from "./questions.ts";
import { seenThroughDns, seenThroughOther, seenThroughOwn, underLocal, whoAnswers } from "./requestQuestions.ts";

export const stepNames = ["start", "labels", "deploy", "probe", "rules", "chain", "costs", "instead"] as const;
export type StepName = (typeof stepNames)[number];

export const questionsOf: Record<StepName, readonly Question[]> = {
	start: [readyNodes],
	labels: [podNode],
	deploy: [endpoints],
	probe: [whoAnswers, seenThroughOther, seenThroughOwn],
	rules: [nodesWithRules],
	chain: [destinationChain, rewrites],
	costs: [nodesPassed, secondService, underLocal],
	instead: [seenThroughDns],
};
