import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lettingGo } from "../../../../cli/stack/stuckPods.ts";
import { ApiServer } from "../../apiServer.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();
let server: ApiServer;
let kubeconfig: string;

const pod = (name: string, node: string | undefined, ending?: number) => ({
	metadata: {
		name,
		uid: `uid-of-${name}`,
		...(ending !== undefined && { deletionTimestamp: new Date(Date.now() - ending).toISOString() }),
	},
	spec: node === undefined ? {} : { nodeName: node },
});
const node = (ready: string) => ({ metadata: {}, status: { conditions: [{ type: "Ready", status: ready }] } });

beforeEach(async () => {
	vi.spyOn(console, "error")
		.mockClear()
		.mockImplementation(() => {});
	server = new ApiServer();
	kubeconfig = join(folder.path, "kubeconfig");
	await writeFile(kubeconfig, await server.start());
	server.objects.set("/api/v1/nodes/dead", node("Unknown"));
	server.objects.set("/api/v1/nodes/alive", node("True"));
	const items = [
		pod("stays", "dead"),
		pod("ends-soon", "dead", 0),
		pod("stuck", "dead", 60_000),
		pod("slow", "alive", 60_000),
		pod("nowhere", undefined, 60_000),
	];
	server.objects.set("/api/v1/namespaces/lab/pods", { items });
	for (const { metadata } of items) server.objects.set(`/api/v1/namespaces/lab/pods/${metadata.name}`, {});
});
afterEach(() => server.stop());

const deleted = () => server.asked.filter(({ method }) => method === "DELETE");

describe("while work goes on that ends pods", () => {
	it("those that only a kubelet that is away could end are removed by force, and told; no other is", async () => {
		const result = await lettingGo({ kubeconfig }, ["lab"], async () => {
			await vi.waitUntil(() => deleted().length > 0, { timeout: 10_000 });
			return "done";
		});
		expect(result).toBe("done");
		expect(deleted()).toMatchObject([
			{
				path: "/api/v1/namespaces/lab/pods/stuck",
				query: {},
				body: { gracePeriodSeconds: 0, preconditions: { uid: "uid-of-stuck" } },
			},
		]);
		expect(console.error).toHaveBeenCalledWith(
			expect.stringMatching(/lab\/stuck by force: it is on dead, which is not R/),
		);
	});

	it("it is not hindered where nobody answers, and its failure is passed on", async () => {
		server.stop();
		await expect(lettingGo({ kubeconfig }, ["lab"], () => Promise.reject(new Error("no")))).rejects.toThrow("no");
	});
});
