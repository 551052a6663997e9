/**
 * `pulumi up` where nothing has changed: the lab's against that of a program without resources, and against that of the
 * smallest program with both of the lab's providers.
 */
import { emptyProgram, leastProgram, withLab } from "./benchLab.ts";
import { type Comparison, compared, inRounds } from "./rounds.ts";
import { log } from "./runner.ts";

export const measureNoop = (rounds: number): Promise<Comparison[]> =>
	withLab(async (lab) => {
		log("creating a lab and two small stacks");
		const programs = {
			measured: { what: "no-op pulumi up", up: lab.up },
			empty: { what: "an empty program's", up: await emptyProgram(lab) },
			least: { what: "that of one command and one Namespace", up: await leastProgram(lab) },
		};
		for (const { up } of Object.values(programs)) await up();
		const times = await inRounds(rounds, programs, async ({ what, up }, round) => {
			const taken = await up();
			log(`${round}: ${what}: ${taken.toFixed(1)} s`);
			return taken;
		});
		const of = (key: keyof typeof programs) => ({ what: programs[key].what, seconds: times[key] });
		const measured = of("measured");
		return [
			compared({ name: "noop", measured, base: of("empty"), aim: 2 }),
			compared({ name: "noop-providers", measured, base: of("least") }),
		];
	});
