import { expect, test } from "vitest";
import { queue } from "../../../toolchain/queue.ts";

test("work is done one after another, also after one that failed", async () => {
	const inTurn = queue();
	const order: string[] = [];
	const work = (name: string, fails: boolean) =>
		inTurn(async () => {
			order.push(`${name} begins`);
			await new Promise((resolve) => setTimeout(resolve, 10));
			order.push(`${name} ends`);
			if (fails) throw new Error(name);
		});
	const [first, second] = await Promise.allSettled([work("first", true), work("second", false)]);
	expect(order).toEqual(["first begins", "first ends", "second begins", "second ends"]);
	expect([first?.status, second?.status]).toEqual(["rejected", "fulfilled"]);
});
