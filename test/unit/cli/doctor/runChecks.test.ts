import { expect, it, vi } from "vitest";
import { runChecks } from "../../../../cli/doctor/runChecks.ts";
import { SetupError } from "../../../../toolchain/setupError.ts";
import type { Step } from "../../../../toolchain/steps/step.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";

vi.mock(import("../../../../toolchain/steps/requiredSteps.ts"), () => {
	const step = (title: string, find: Step["find"]): Step => ({
		title,
		name: title,
		needs: [],
		find,
		get: () => Promise.reject(new Error("the doctor changes nothing")),
	});
	const broken = step("kind", () => Promise.reject(new Error("no permission")));
	const hung = step("image echo", () => Promise.reject(new SetupError("the engine hangs", "restart it")));
	return { everything: [broken, step("kubectl", async () => undefined), hung], builtByGo: [] };
});

scratchFolder(() => program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1"));

it("reports each step of set-up that could not be checked as a warning, and all other findings", async () => {
	vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:9");
	const all = await runChecks("dev");
	expect(all.filter(({ subject }) => subject === "set-up")).toEqual([
		{ subject: "set-up", level: "warning", found: "kind could not be checked: no permission" },
		{
			subject: "set-up",
			level: "warning",
			found: "image echo could not be checked: the engine hangs",
			fix: "restart it",
		},
	]);
	expect(all.map(({ subject }) => subject)).toEqual(
		expect.arrayContaining(["Node.js", "Docker engine", "configuration"]),
	);
});
