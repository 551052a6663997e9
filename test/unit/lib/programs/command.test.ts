import { execa } from "execa";
import { expect, it } from "vitest";

const module = new URL("../../../../lib/programs/command.ts", import.meta.url).href;

const run = (body: string) =>
	execa(
		"node",
		["--import", "tsx", "--input-type=module", "--eval", `import { command, EndedBySignal } from "${module}"; ${body}`],
		{
			reject: false,
			timeout: 20_000,
		},
	);

it("exits with the body's code and all output, even if something is still running", async () => {
	const { exitCode, stdout } = await run(
		`await command(async () => { setInterval(() => {}, 1000); console.log("x".repeat(200_000)); return 3; });`,
	);
	expect(exitCode).toBe(3);
	expect(stdout.length).toBe(200_000);
});

it("reports an error without its stack", async () => {
	const { exitCode, stderr } = await run(`await command(async () => { throw new Error("no lab"); });`);
	expect(exitCode).toBe(1);
	expect(stderr).toBe("error: no lab");
});

it.each([
	["SIGINT", 130],
	["SIGTERM", 143],
])("exits after %s with the code that shells use for it", async (signal, code) => {
	const { exitCode, stderr } = await run(`await command(async () => { throw new EndedBySignal("${signal}"); });`);
	expect(exitCode).toBe(code);
	expect(stderr).toBe(`error: ended by ${signal}`);
});
