/** Makes findings: what was expected and what was measured, said in the same words. */

import type { PlacedClient } from "../../../kubernetes/snapshot.ts";
import type { Observed } from "../../model.ts";
import type { Finding } from "../../report.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

/** Holds one request against what the rules foretell of it. */
export async function asPredicted(
	snapshot: LabSnapshot,
	client: PlacedClient,
	to: string,
	what: string,
): Promise<Finding> {
	const ways = snapshot.predict(client, to);
	const predicted = ways.map(ending);
	const measured = ending(await snapshot.ask(client, to));
	return {
		what,
		expected: [...new Set(predicted)].join(" or "),
		measured,
		// What the walk cannot tell agrees with nothing.
		ok: predicted.includes(measured) && ways.every(({ outcome }) => outcome !== "other"),
		path: snapshot.path(client, to),
	};
}

/** "answered by 10.244.1.2 on nodeport-worker, which sees 172.18.0.3", "timeout" */
const ending = ({ outcome, podIp, node, clientIp }: Observed): string =>
	outcome === "ok" ? `answered by ${podIp} on ${node}, which sees ${clientIp}` : outcome;

/** Where both must be word for word the same. */
export const same = (what: string, expected: string, measured: string): Finding => ({
	what,
	expected,
	measured,
	ok: expected === measured,
});

/** How far a share that was counted may be from its probability: four standard deviations of so many draws. */
const farthest = (probability: number, draws: number): number =>
	4 * Math.sqrt((probability * (1 - probability)) / draws);

/** Holds how often each thing happened against its probability. */
export function shares(
	what: string,
	probabilities: ReadonlyMap<string, number>,
	counted: ReadonlyMap<string, number>,
): Finding {
	const draws = [...counted.values()].reduce((sum, count) => sum + count, 0);
	const measured = new Map([...counted].map(([name, count]) => [name, count / draws]));
	const names = [...new Set([...probabilities.keys(), ...counted.keys()])];
	const ok = names.every((name) => {
		const probability = probabilities.get(name) ?? 0;
		return Math.abs((measured.get(name) ?? 0) - probability) <= farthest(probability, draws);
	});
	const say = (of: ReadonlyMap<string, number>) =>
		names.map((name) => `${name} ${percent(of.get(name) ?? 0)}`).join(", ");
	return { what, expected: say(probabilities), measured: `${say(measured)} of ${draws} requests`, ok };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** How often each key occurs. */
export function count<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
	const counted = new Map<string, number>();
	for (const item of items) counted.set(key(item), (counted.get(key(item)) ?? 0) + 1);
	return counted;
}
