import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { capabilityAdvice } from "../../../../toolchain/engine/capabilities.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";

scratchFolder(async () => {
	await program("npm", 'echo "npm $*" >>happened');
	await program("sudo", 'exec "$@"');
	// Like dockerd it takes a while to end, and removes its file last.
	const ends = "kill $!; sleep 0.5; echo ended >>happened; rm docker.pid; exit 0";
	await program("dockerd", `trap '${ends}' TERM; sleep 60 & echo $$ >docker.pid; wait`);
});

const pidFile = (): string => join(process.cwd(), "docker.pid");
const fix = (): string => {
	const advice = capabilityAdvice({ here: true, defaultRuntime: "runc" }, true);
	return (advice?.fix ?? "exit 1").replaceAll("/var/run/docker.pid", pidFile());
};

it("the fix for an engine without the runtime waits until that engine has ended", async () => {
	const engine = execa("dockerd");
	await expect.poll(() => readFile(pidFile(), "utf8").catch(() => "")).not.toBe("");
	await execa("sh", ["-c", fix()]);
	await engine;
	expect(await readFile("happened", "utf8")).toBe("ended\nnpm run setup\n");
});

it("the fix doesn't run set-up if the pid file names no running engine", async () => {
	await writeFile(pidFile(), "4194305");
	expect((await execa("sh", ["-c", fix()], { reject: false })).failed).toBe(true);
	await expect(readFile("happened")).rejects.toThrow("ENOENT");
});
