import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it, vi } from "vitest";
import { inTurn } from "../../../../cli/stack/lab.ts";
import { stackName } from "../../../../cli/stack/stack.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";

const module = fileURLToPath(new URL("../../../../cli/stack/lab.ts", import.meta.url));
const tsx = fileURLToPath(new URL("../../../../node_modules/tsx/dist/loader.mjs", import.meta.url));

scratchFolder();

it.each([
	["SIGINT", 130],
	["SIGTERM", 143],
	["SIGHUP", 129],
] as const)(
	"tells Pulumi of %s once, however often it comes, and waits for what that makes of it",
	async (signal, code) => {
		await program(
			"pulumi",
			'trap "echo told >>told" INT; echo begun; for i in $(seq 12); do sleep 0.1; done; echo ended >>told; exit 255',
		);
		const command = execa("node", ["--import", tsx, "--input-type=module", "-"], {
			input: `import { pulumi } from ${JSON.stringify(module)}; process.exitCode = await pulumi("up");`,
			reject: false,
			detached: true,
		});
		for await (const line of command.iterable()) {
			if (line !== "begun") continue;
			// As a terminal sends it: to the command and all that it has started.
			for (let i = 0; i < 2; i++, await sleep(300)) process.kill(-(command.pid ?? 0), signal);
		}
		const { exitCode, stderr } = await command;
		expect(readFileSync("told", "utf8")).toBe("told\nended\n");
		expect(stderr).toBe(`interrupted (${signal}): run the same command again, it goes on where this one stopped`);
		expect(exitCode).toBe(code);
	},
);

it("ends with Pulumi's own exit code where nothing interrupts it", async () => {
	await program("pulumi", 'echo "$*"; exit 7');
	const input = `import { pulumi } from ${JSON.stringify(module)}; process.exitCode = await pulumi("up", "--yes");`;
	const { exitCode, stdout } = await execa("node", ["--import", tsx, "--input-type=module", "-"], {
		input,
		reject: false,
	});
	expect(stdout).toBe(`up --yes --stack ${stackName}`);
	expect(exitCode).toBe(7);
});

it("lets a second command wait for the first one's end, saying for whom", async () => {
	await mkdir(".state");
	const said = vi.spyOn(console, "error").mockImplementation(() => {});
	const order: string[] = [];
	let second: Promise<number> = Promise.resolve(1);
	await inTurn(async () => {
		second = inTurn(async () => order.push("second"));
		await vi.waitUntil(() => said.mock.calls.length > 0, { timeout: 10_000 });
		return order.push("first");
	});
	await second;
	expect(order).toEqual(["first", "second"]);
	expect(said.mock.calls).toEqual([
		[`waiting for process ${process.pid}, which works on the stack ${stackName} or was killed just now`],
	]);
});
