/** `pulumi up` where nothing has changed: the lab's against that of a program without any resource. */
import { emptyProgram, withLab } from "./lab.ts";
import { type Comparison, compared, inRounds } from "./rounds.ts";
import { say } from "./runner.ts";

export const measureNoop = (rounds: number): Promise<Comparison[]> =>
	withLab(async (lab) => {
		say("making a lab and an empty stack, to update them in vain");
		const ways = {
			measured: { what: "pulumi up of nothing", up: lab.up },
			base: { what: "that of an empty program", up: await emptyProgram(lab) },
		};
		for (const { up } of Object.values(ways)) await up();
		const times = await inRounds(rounds, ways, async ({ what, up }, round) => {
			const taken = await up();
			say(`${round}: ${what}: ${taken.toFixed(1)} s`);
			return taken;
		});
		const of = (key: keyof typeof ways) => ({ what: ways[key].what, seconds: times[key] });
		return [compared({ name: "noop", measured: of("measured"), base: of("base"), aim: 1.5 })];
	});
