/** How a predicted request ends, in words. */
import { withPort } from "../../netfilter/address.ts";
import { messageOf } from "../../netfilter/rejection.ts";
import type { PredictedEnd, Prediction } from "../../verification/diagnosis/prediction/prediction.ts";
import { unknownText } from "../journeyText.ts";
import { ownerName } from "./findings/ownerText.ts";

/** "reaches a pod, which sees 172.18.0.3", "50% reaches a pod, …, 50% timeout: dropped on worker-2 by ufw (filter ufw-user-input)" */
export function resultText(prediction: Prediction): string {
	const answered = prediction.ends.filter(({ end }) => end.kind === "pod");
	const others = prediction.ends.filter(({ end }) => end.kind !== "pod");
	const parts = [
		...(answered.length > 0 ? [{ text: answerText(prediction, answered), share: sum(answered) }] : []),
		...[...sharesOf(others, (end) => failureText(end, prediction.target))].map(([text, share]) => ({
			text,
			share,
		})),
	];
	const [only] = parts;
	if (parts.length === 1 && only) return only.text;
	return parts.map(({ text, share }) => `${rounded(share)} ${text}`).join(", ");
}

const sum = (ends: readonly PredictedEnd[]): number => ends.reduce((total, { probability }) => total + probability, 0);

/** "50%": predictions of a random choice need no decimals. */
const rounded = (share: number): string => (share < 0.01 ? "under 1%" : `${Math.round(share * 100)}%`);

function sharesOf(ends: readonly PredictedEnd[], textOf: (end: PredictedEnd) => string): Map<string, number> {
	const shares = new Map<string, number>();
	for (const end of ends) shares.set(textOf(end), (shares.get(textOf(end)) ?? 0) + end.probability);
	return shares;
}

/** Who answers isn't part of it: the endpoints are listed elsewhere. */
function answerText(prediction: Prediction, ends: readonly PredictedEnd[]): string {
	const seen = sharesOf(ends, (end) => seenText(end, prediction));
	const total = sum(ends);
	const [only] = seen.keys();
	if (seen.size === 1) return `reaches a pod, which sees ${only}`;
	const each = [...seen].map(([text, share]) => `${text} (${rounded(share / total)})`);
	return `reaches a pod, which sees ${each.join(" or ")}`;
}

function seenText(
	{ end, clientIpOf }: PredictedEnd,
	{ client: { address: client }, target: { address: target, node } }: Prediction,
): string {
	if (clientIpOf !== undefined) return clientIpOf === node ? "an address of that node" : `an address of ${clientIpOf}`;
	const seen = end.kind === "pod" ? end.clientIp : "";
	if (seen === client) return "the client's own address";
	return target === withPort(seen, Number(target.slice(target.lastIndexOf(":") + 1))) ? "that node's address" : seen;
}

function healthText(readyEndpoints: number): string {
	if (readyEndpoints === 0) return "kube-proxy answers 503: no ready endpoint on that node";
	return `kube-proxy answers 200: ${readyEndpoints} ready ${readyEndpoints === 1 ? "endpoint" : "endpoints"} on that node`;
}

function failureText({ end, rule }: PredictedEnd, target: Prediction["target"]): string {
	const nodeName = (node: string) => (node === target.node ? "that node" : node);
	const by = rule ? ` by ${ownerName(rule.owner)} (${rule.table} ${rule.chain})` : "";
	switch (end.kind) {
		case "pod":
			return "reaches a pod";
		case "node":
			if (target.kind === "healthCheck") return healthText(target.readyEndpoints ?? 0);
			return `refused, unless a process listens on port ${end.port} of ${nodeName(end.node)}`;
		case "drop":
			return `timeout: dropped on ${nodeName(end.node)}${by}`;
		case "reject":
			return `${rejection(end.with)}: rejected on ${nodeName(end.node)} with ${end.with}${by}`;
		case "loopback":
			return "refused: it doesn't leave the client's own network";
		case "unreachable":
			return "no answer: no rule translates the address";
		case "unknown":
			return `unknown on ${nodeName(end.node)}: ${unknownText(end)}`;
	}
}

/** What the client notices. */
const rejection = (rejectedWith: string): string => messageOf(rejectedWith) ?? "error";
