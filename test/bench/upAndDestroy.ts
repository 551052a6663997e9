/** A new, verified lab compared with the same work by hand; then `pulumi destroy` with `kind delete cluster`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clusterName, settings, withLab } from "./benchLab.ts";
import { type Comparison, compared, inRounds } from "./rounds.ts";
import { log, seconds, toTheEnd } from "./runner.ts";

interface Candidate {
	what: { up: string; destroy: string };
	up(): Promise<number>;
	destroy(): Promise<number>;
}

/** One cluster at a time: each candidate removes its own before the other one begins. */
export const measureUpAndDestroy = (rounds: number): Promise<Comparison[]> =>
	withLab((lab) =>
		withHand(async (hand) => {
			const measured: Candidate = { what: { up: "pulumi up", destroy: "pulumi destroy" }, ...lab };
			const candidates = { measured, base: hand };
			const times = await inRounds(rounds, candidates, async (candidate, round) => {
				const up = await candidate.up();
				log(`${round}: ${candidate.what.up}: ${up.toFixed(1)} s`);
				const destroy = await candidate.destroy();
				log(`${round}: ${candidate.what.destroy}: ${destroy.toFixed(1)} s`);
				return { up, destroy };
			});
			return (
				[
					["up", 1],
					["destroy", 1.5],
				] as const
			).map(([name, aim]) => {
				const of = (key: keyof typeof candidates) => ({
					what: candidates[key].what[name],
					seconds: times[key].map((time) => time[name]),
				});
				return compared({ name, measured: of("measured"), base: of("base"), aim });
			});
		}),
	);

/** The walkthrough by hand; removes its cluster in any case. */
async function withHand<T>(work: (hand: Candidate) => Promise<T>): Promise<T> {
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
