/** `npm run lesson` with a scripted learner, who is right, wrong, quits in the middle, and fixes what the exercises break. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { Progress } from "../../../verification/lesson/lessonProgress.ts";
import { clusterName, type Lab } from "../support/lab.ts";
import { ifSlow } from "./selection.ts";

const [worker, worker2] = [`${clusterName}-worker`, `${clusterName}-worker2`];
const script = "cli/lesson.ts";

/** How long the lab may take until the lesson's next line, in ms. */
const patience = 240_000;

/** Types lines into the lesson, and reads what it prints. */
class Learner {
	printed = "";
	private read = 0;
	readonly running: ReturnType<Lab["run"]>;

	constructor(lab: Lab, ...args: string[]) {
		this.running = lab.run(script, ...args);
		this.running.all?.on("data", (chunk) => {
			this.printed += String(chunk);
		});
	}

	/** @returns what was printed since the last call, up to the end of what the pattern matches */
	async until(pattern: RegExp): Promise<string> {
		const deadline = Date.now() + patience;
		for (;;) {
			const unread = this.printed.slice(this.read);
			const found = pattern.exec(unread);
			if (found) {
				const end = found.index + found[0].length;
				this.read += end;
				return unread.slice(0, end);
			}
			if (this.running.exitCode !== null || Date.now() > deadline)
				throw new Error(`the lesson didn't print ${pattern}:\n${this.printed}`);
			await new Promise((next) => setTimeout(next, 50));
		}
	}

	/** Waits for the next prompt. @returns what was printed before it */
	prompt = (): Promise<string> => this.until(/q to quit\)?: /);

	type(line: string): void {
		this.running.stdin?.write(`${line}\n`);
	}

	/** Chooses the first choice that fits, or the first that doesn't. */
	async predict(right: RegExp, { wrong = false } = {}): Promise<void> {
		const choices = [...(await this.prompt()).matchAll(/^ {2}([a-z]) {2}(.*)$/gm)];
		const [, letter] = choices.find(([, , text = ""]) => right.test(text) !== wrong) ?? [];
		if (letter === undefined) throw new Error(`no choice fits ${right}:\n${this.printed}`);
		this.type(letter);
	}

	/** Ends the lesson at a prompt. @returns its exit code */
	async quit(): Promise<number | undefined> {
		this.type("q");
		return (await this.running).exitCode;
	}
}

/** The right prediction for each question of a lab with three workers and the default settings. */
const right: RegExp[] = [
	/^4 nodes$/,
	new RegExp(` ${worker}$`),
	/^1 endpoint$/,
	new RegExp(` ${worker}$`),
	new RegExp(`the node ${worker2}$`),
	new RegExp(`the node ${worker} in its pod network$`),
	/^4 nodes$/,
	/^KUBE-SEP-/,
	/^source and destination$/,
	/^3 nodes$/,
	/refuses/,
	/times out/,
	/^\S+, dnsutils itself$/,
];

/** In the proxy mode of the lab. */
export const flushedChain = (lab: () => Lab) =>
	it("the lesson flushes the Service's chain, shows the fix and restores the rules", async () => {
		const running = lab().run(script, "--step", "refusing-node");
		running.stdin?.end("check\nhint\nsolve\nq\n");
		const { exitCode, all } = await running;
		expect(exitCode, all).toBe(0);
		expect(all).toContain("Not yet: diagnose reports 1 finding.");
		expect(all).toMatch(/^fix: kubectl -n kube-system delete pod kube-proxy-/m);
		expect(all).toContain("The lab is restored: diagnose reports no finding.");
	});

export const scriptedLearner = (lab: () => Lab) =>
	describe("npm run lesson", () => {
		const service = ["service/nodeport-service"];
		const kubectl = (...args: string[]) => lab().kubectl(...args);
		const spec = () => kubectl("get", ...service, "--output=jsonpath={.spec.externalTrafficPolicy} {.spec.ports}");
		const patch = (path: string, value: string | number) =>
			kubectl("patch", ...service, "--type=json", `--patch=${JSON.stringify([{ op: "replace", path, value }])}`);
		const docker = (...args: string[]) => execa("docker", args);
		const mangle = async () => (await docker("exec", worker2, "iptables-save", "-t", "mangle")).stdout;
		const isDropping = async () => (await mangle()).includes("--dport 30040 -j DROP");
		const isBroken = () => existsSync(join(lab().folder, ".state/test.broken.json"));
		const progress = async (): Promise<Progress> =>
			JSON.parse(await readFile(join(lab().folder, ".state/test.lesson.json"), "utf8"));

		it("counts right predictions of the lesson's questions, and goes on after the learner quit", async () => {
			const first = new Learner(lab());
			for (const one of right.slice(0, 4)) await first.predict(one);
			await first.prompt();
			expect(await first.quit(), first.printed).toBe(0);
			const second = new Learner(lab());
			await second.predict(right[4] ?? /-/, { wrong: true });
			for (const one of right.slice(5)) await second.predict(one);
			expect(await second.prompt(), "the first exercise").toContain("(silent-everywhere)");
			expect(await second.quit(), second.printed).toBe(0);
			const { answers, exercises } = await progress();
			const wrong = Object.entries(answers).filter(([, { isRight }]) => !isRight);
			expect(Object.keys(answers)).toHaveLength(right.length);
			expect(
				wrong.map(([name]) => name),
				second.printed,
			).toEqual(["client-ip"]);
			expect(exercises).toEqual({});
			expect(second.printed).toMatch(/Not what you predicted\./);
			// The Service's spec, which the exercise and a question had changed.
			expect(await spec()).toMatch(/^Cluster .*"targetPort":8080/);
			expect(isBroken()).toBe(false);
		});

		it("breaks the lab for each exercise, gives hints, and accepts the real fix", async () => {
			const fixes: Record<string, () => Promise<unknown>> = {
				"silent-everywhere": () => patch("/spec/ports/0/targetPort", 8080),
				"silent-port": () =>
					docker("exec", worker2, ..."iptables -w -t mangle -D PREROUTING -p tcp --dport 30040 -j DROP".split(" ")),
				"silent-nodes": () => patch("/spec/externalTrafficPolicy", "Cluster"),
				"refusing-node": () =>
					kubectl(
						...["delete", "pod", "--namespace=kube-system", "--selector=k8s-app=kube-proxy", "--wait"],
						`--field-selector=spec.nodeName=${worker2}`,
					),
				"silent-node": () => docker("start", worker2),
			};
			const learner = new Learner(lab(), "--step", "silent-everywhere");
			for (const [name, fix] of Object.entries(fixes)) {
				expect(await learner.prompt(), "the symptom").toMatch(/ (timeout|refused|other)\b/);
				expect(learner.printed).toContain(`(${name})`);
				learner.type("check");
				expect(await learner.prompt()).toContain("Not yet: diagnose reports ");
				learner.type("hint");
				expect(await learner.prompt()).toContain("hint: ");
				await fix();
				// The cluster needs some seconds to follow, so the first checks may come too early.
				do learner.type("check");
				while ((await learner.until(/Not yet: |Solved: /)).endsWith("Not yet: "));
			}
			await learner.until(/That was the last part\./);
			expect((await learner.running).exitCode, learner.printed).toBe(0);
			const { exercises } = await progress();
			expect(Object.entries(exercises)).toEqual(
				Object.keys(fixes).map((name) => [name, { result: "solved", hints: 1 }]),
			);
		});

		it("restores the lab on Ctrl-C in the middle of an exercise", async () => {
			const { exitCode, all } = await lab().runInterruptedWhen(isDropping, script, "--step", "silent-port");
			expect(exitCode, all).toBe(130);
			expect(all).toContain("The lab is restored: diagnose reports no finding.");
			expect(await isDropping()).toBe(false);
			expect(isBroken()).toBe(false);
		});

		it.each([["npm start", "cli/start.ts"], ...ifSlow([["the next lesson", script]])])(
			"is restored by %s after it was killed",
			async (_, next) => {
				await lab().runKilledWhen(isDropping, script, "--step", "silent-port");
				expect(await isDropping()).toBe(true);
				const running = lab().run(next);
				running.stdin?.end("q\n");
				const { exitCode, all } = await running;
				expect(exitCode, all).toBe(0);
				expect(await isDropping(), all).toBe(false);
				expect(isBroken()).toBe(false);
			},
		);

		it("leaves a lab that is verified and hasn't changed", async () => {
			const { exitCode, all } = await lab().run("cli/verify.ts");
			expect(exitCode, all).toBe(0);
			expect(await lab().up()).toEqual({});
		});
	});
