/**
 * `pulumi up` where nothing has changed: the lab's against that of a program without any resource, and against that of
 * one with a resource of each of the lab's providers, which no program that uses them goes below.
 */
import { emptyProgram, leastProgram, withLab } from "./lab.ts";
import { type Comparison, compared, inRounds } from "./rounds.ts";
import { say } from "./runner.ts";

export const measureNoop = (rounds: number): Promise<Comparison[]> =>
	withLab(async (lab) => {
		say("making a lab and two small stacks, to update them in vain");
		const ways = {
			measured: { what: "pulumi up of nothing", up: lab.up },
			empty: { what: "that of an empty program", up: await emptyProgram(lab) },
			least: { what: "that of one command and one Namespace", up: await leastProgram(lab) },
		};
		for (const { up } of Object.values(ways)) await up();
		const times = await inRounds(rounds, ways, async ({ what, up }, round) => {
			const taken = await up();
			say(`${round}: ${what}: ${taken.toFixed(1)} s`);
			return taken;
		});
		const of = (key: keyof typeof ways) => ({ what: ways[key].what, seconds: times[key] });
		const measured = of("measured");
		return [
			compared({ name: "noop", measured, base: of("empty"), aim: 1.5 }),
			compared({ name: "noop-providers", measured, base: of("least") }),
		];
	});
