/** A fresh lab, verified, against the same by hand; then `pulumi destroy` against `kind delete cluster`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clusterName, settings, withLab } from "./lab.ts";
import { type Comparison, compared, inRounds } from "./rounds.ts";
import { say, seconds, toTheEnd } from "./runner.ts";

interface Way {
	what: { up: string; destroy: string };
	up(): Promise<number>;
	destroy(): Promise<number>;
}

/** One cluster at a time: each way makes its own and removes it, before the other one begins. */
export const measureUpAndDestroy = (rounds: number): Promise<Comparison[]> =>
	withLab((lab) =>
		withHand(async (hand) => {
			const measured: Way = { what: { up: "pulumi up", destroy: "pulumi destroy" }, ...lab };
			const ways = { measured, base: hand };
			const times = await inRounds(rounds, ways, async (way, round) => {
				const up = await way.up();
				say(`${round}: ${way.what.up}: ${up.toFixed(1)} s`);
				const destroy = await way.destroy();
				say(`${round}: ${way.what.destroy}: ${destroy.toFixed(1)} s`);
				return { up, destroy };
			});
			return (
				[
					["up", 1],
					["destroy", 1.1],
				] as const
			).map(([name, aim]) => {
				const of = (key: keyof typeof ways) => ({
					what: ways[key].what[name],
					seconds: times[key].map((time) => time[name]),
				});
				return compared({ name, measured: of("measured"), base: of("base"), aim });
			});
		}),
	);

/** The walkthrough by hand, and nothing left of it, whatever comes. */
async function withHand<T>(work: (hand: Way) => Promise<T>): Promise<T> {
	const { nodeImage = "", echoImage = "", dnsutilsImage = "" } = await settings();
	const name = `${clusterName}-hand`;
	const folder = await mkdtemp(join(tmpdir(), "nodeport-lab-by-hand-"));
	const env = {
		...{ CLUSTER: name, NODE_IMAGE: nodeImage, ECHO_IMAGE: echoImage, DNSUTILS_IMAGE: dnsutilsImage },
		KUBECONFIG: join(folder, "kubeconfig"),
	};
	const script = fileURLToPath(new URL("byHand.sh", import.meta.url));
	const remove = ["delete", "cluster", "--name", name];
	try {
		return await work({
			what: { up: "by hand", destroy: "kind delete cluster" },
			up: () => seconds("sh", [script], { env }),
			destroy: () => seconds("kind", remove, { env }),
		});
	} finally {
		await toTheEnd("kind", remove, { env });
		await rm(folder, { recursive: true });
	}
}
