/**
 * The walk as a library: the rules of a Linux node and a packet in, the packet's paths out. It is pure: it runs nothing, reads
 * no file and needs no cluster.
 */
export type {
	Family,
	Hop,
	HopEffect,
	KernelSetting,
	NodeNetwork,
	ObjectReference,
	Packet,
	Path,
	PathOutcome,
	Protocol,
	RuleSource,
} from "../model.ts";
export { parseRules, type Rules, type RuleTexts, type WalkOptions } from "./ruleTexts.ts";
