/** The questions of the lesson about requests: who answers, and which client IP the pod sees. */
import type { Node } from "../../kubernetes/model.ts";
import type { LabSnapshot } from "../experiments/support/labSnapshot.ts";
import type { Fault, Subject, Value } from "./model.ts";
import { type Question, unique } from "./questions.ts";
import { aspectOf, dnsAddress, entryOf, measureAspect } from "./requests.ts";

type Target = Extract<Subject, { kind: "request" }>["target"];

function targetOf(snapshot: LabSnapshot, target: Target): { address: string; node?: Node } {
	if (target === "dnsName") return { address: dnsAddress(snapshot) };
	const node = target === "podNode" ? snapshot.host : entryOf(snapshot);
	return { address: snapshot.addressOf(node), node };
}

/** A request of the client pod: who answers, or whom the pod sees. */
function request(
	name: string,
	of: "answer" | "clientIp",
	target: Target,
	during?: Extract<Fault["kind"], "localPolicy">,
): Question {
	return {
		name,
		...(during && { during }),
		async ask(snapshot) {
			const { address, node } = targetOf(snapshot, target);
			const { name: client, place } = snapshot.inside;
			const subject: Subject = {
				kind: "request",
				of,
				client,
				clientIp: place.ip ?? "",
				clientNode: place.node ?? "",
				address,
				...(node && { node: node.name }),
				target,
				...(during && { policy: "Local" as const }),
			};
			return { subject, choices: of === "answer" ? answers(snapshot) : clientIps(snapshot, address, node) };
		},
		async measure(snapshot) {
			const { journey, ...measured } = await measureAspect(snapshot, targetOf(snapshot, target).address, of);
			// The path shows which client IP the pod sees: the next question.
			const isTooMuch = of === "answer" && !during;
			return isTooMuch ? measured : { ...measured, ...(journey && { journey }) };
		},
	};
}

const noAnswers: Value[] = [
	{ kind: "noAnswer", outcome: "timeout" },
	{ kind: "noAnswer", outcome: "refused" },
];

const answers = ({ objects: { nodes } }: LabSnapshot): Value[] => [
	...nodes.map(({ name }): Value => ({ kind: "node", node: name })),
	...noAnswers,
];

/** The addresses of everybody who handles the packet, and the one that the rules predict. */
function clientIps(snapshot: LabSnapshot, address: string, node: Node | undefined): Value[] {
	const { inside, objects, host } = snapshot;
	const clientNode = objects.nodes.find(({ name }) => name === inside.place.node);
	const involved = [inside.place.ip, clientNode?.internalIp, node?.internalIp, host.internalIp];
	const predicted = snapshot.predict(inside, address).map((result) => aspectOf(result, "clientIp"));
	const addresses = involved.flatMap((ip): Value[] => (ip === undefined ? [] : [{ kind: "address", address: ip }]));
	const compare = new Intl.Collator("en", { numeric: true }).compare;
	return unique([...addresses, ...predicted]).sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
}

export const whoAnswers = request("who-answers", "answer", "withoutPod");
export const seenThroughOther = request("client-ip", "clientIp", "withoutPod");
export const seenThroughOwn = request("client-ip-own-node", "clientIp", "podNode");
export const seenThroughDns = request("client-ip-cluster-ip", "clientIp", "dnsName");
export const underLocal = request("policy-local", "answer", "withoutPod", "localPolicy");
