import { beforeEach, expect, it, vi } from "vitest";
import { waitForNodes } from "../../../kind/nodeWait.ts";
import { scratchFolder } from "../fakePrograms.ts";
import { containers, type FakeNodeStatus, fakeApiServer } from "./fakeEngine.ts";

const nodes = containers("1");
const since = new Date("2026-01-01T00:00:00Z");
const after = "2026-01-01T00:00:10Z";
const controlPlane: FakeNodeStatus = { name: "c-control-plane", renewed: after, addresses: ["172.18.0.2"] };
const worker: FakeNodeStatus = { name: "c-worker", renewed: after, addresses: ["172.18.0.3"] };
const starting: FakeNodeStatus = {
	...worker,
	notReady:
		"container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady " +
		"message:Network plugin returns error: cni plugin not initialized",
	pod: ["kindnet-x", "ContainerCreating"],
};
const lacks =
	"c-worker: container runtime network not ready: cni plugin not initialized, pod kindnet-x: ContainerCreating";

const wait = (creationSeconds?: number) => waitForNodes({ nodes, since, kubeconfig: "c.yaml", creationSeconds });
const reports = () => vi.mocked(console.error).mock.calls.map(([line]) => line);
const realTimeout = setTimeout;
/** Lets fake time pass in steps until the condition holds. In each step the fake kubectl gets real time. */
async function pass(until: () => boolean, step = 500): Promise<void> {
	while (!until()) {
		await vi.advanceTimersByTimeAsync(step);
		await new Promise((resolve) => realTimeout(resolve, 50));
	}
}

/** @returns the error's message, and the fake seconds until then */
async function failureOf(waiting: Promise<void>): Promise<{ message: string; seconds: number }> {
	const started = Date.now();
	let message = "";
	waiting.catch((error: Error) => {
		message = error.message;
	});
	await pass(() => reports().length > 1);
	await pass(() => message !== "", 20_000);
	return { message, seconds: (Date.now() - started) / 1000 };
}

scratchFolder();
beforeEach(() => {
	vi.spyOn(console, "error")
		.mockClear()
		.mockImplementation(() => {});
	vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearInterval", "clearTimeout", "Date"] });
	return () => vi.useRealTimers();
});

it("ends without a report if all nodes are Ready", async () => {
	await fakeApiServer([controlPlane, worker]);
	await wait();
	expect(reports()).toEqual([]);
});

it.each([
	["isn't Ready, with its pods that aren't running", starting, lacks],
	["hasn't registered", undefined, "c-worker: hasn't registered with the API server"],
	[
		"hasn't reported since its start",
		{ ...worker, renewed: "2025-01-01T00:00:00Z" },
		"c-worker: its kubelet hasn't reported since the node was started",
	],
	[
		"has another address",
		{ ...worker, addresses: ["1.2.3.4"] },
		"the API server doesn't know its new address: 172.18.0.3 or fc00::3",
	],
	["has no podCIDR", { ...worker, podCidr: "" }, "c-worker: no podCIDR yet"],
])("reports what a node is waiting for that %s, then goes on when it is ready", async (_, status, expected) => {
	await fakeApiServer(status ? [controlPlane, status] : [controlPlane]);
	const ready = wait();
	await pass(() => reports().some((line) => line.includes(expected)));
	await fakeApiServer([controlPlane, worker]);
	let isOver = false;
	ready.finally(() => {
		isOver = true;
	});
	await pass(() => isOver);
	await ready;
});

it.each([
	["180 s", undefined, 180],
	["180 s on a fast machine", 26, 180],
	["4 times as long as the creation took, on a slow machine", 300, 1200],
])("gives up after %s, and says what each node is waiting for", async (_, creationSeconds, limit) => {
	await fakeApiServer([controlPlane, starting]);
	const { message, seconds } = await failureOf(wait(creationSeconds));
	expect(seconds).toBeGreaterThanOrEqual(limit);
	expect(message).toContain(`the nodes aren't Ready after ${limit} s`);
	expect(message).toContain(`\n  ${lacks}\n`);
	expect(message).toContain("fix: run the same command again");
	expect(message).toContain("kubectl --kubeconfig c.yaml --namespace=kube-system get pods");
});

it("reports every 30 s, even if nothing changes", async () => {
	await fakeApiServer([controlPlane, starting]);
	const waiting = wait();
	await pass(() => reports().some((line) => line.includes(lacks)));
	const count = reports().length;
	await vi.advanceTimersByTimeAsync(32_000);
	expect(reports()).toHaveLength(count + 1);
	await fakeApiServer([controlPlane, worker]);
	let isOver = false;
	waiting.then(() => {
		isOver = true;
	});
	await pass(() => isOver);
});

it("reports if the API server doesn't answer", async () => {
	await fakeApiServer(undefined);
	const { message } = await failureOf(wait());
	expect(message).toContain("the API server doesn't answer: The connection to the server 127.0.0.1:6443 was refused");
});
