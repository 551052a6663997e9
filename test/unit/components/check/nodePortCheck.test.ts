import * as k8s from "@pulumi/kubernetes";
import { beforeAll, expect, it } from "vitest";
import { NodePortCheck, type NodePortCheckArgs } from "../../../../components/check/nodePortCheck.ts";
import { NodePortService } from "../../../../components/nodePortService.ts";
import { CheckRequest } from "../../../../verification/check/checkRequest.ts";
import { only, type Recorded, record, settled } from "../recorder.ts";

let recorded: Recorded[];
beforeAll(async () => {
	recorded = await record("somebody-elses");
});

/** What the check's program reads. */
async function requestOf(name: string, args: Partial<NodePortCheckArgs> & Pick<NodePortCheckArgs, "service">) {
	const check = new NodePortCheck(name, { expect: { from: ["outside", "nodes"], status: 200 }, ...args });
	await settled(check.ok);
	const { inputs } = only(recorded, "command:local:Command", `${name}-run`);
	return { check, request: CheckRequest.parse(JSON.parse(inputs.stdin)) };
}

it("checks a Service of @pulumi/kubernetes, again if its uid or its spec changes", async () => {
	const web = new k8s.core.v1.Service("web", {
		metadata: { name: "web", namespace: "shop" },
		spec: { type: "NodePort" },
	});
	const { request } = await requestOf("plain", { service: web });
	expect(request).toMatchObject({
		service: { namespace: "shop", name: "web" },
		from: ["outside", "nodes"],
		status: 200,
		revisions: { uid: "uid-1", spec: { type: "NodePort" } },
	});
});

it("checks a NodePortService, and a Service by its name", async () => {
	const echo = { labels: { app: "x" }, namespace: "shop", port: 80, portName: "http" };
	const front = new NodePortService("front", { echo });
	expect((await requestOf("front-check", { service: front })).request.service).toEqual({
		namespace: "shop",
		name: "front",
	});
	const named = { namespace: "shop", name: "other" };
	expect((await requestOf("named", { service: named })).request.service).toEqual(named);
});

it("runs again if the workload changes, and with `always` on every update", async () => {
	const workload = new k8s.apps.v1.Deployment("web", { spec: { selector: {}, template: {} } });
	const named = { namespace: "shop", name: "other" };
	const { request } = await requestOf("changing", { service: named, workload });
	expect(request.revisions).toEqual({ workload: { uid: "uid-1", generation: 1 } });
	const [first, second] = [
		(await requestOf("first", { service: named, always: true })).request,
		(await requestOf("second", { service: named, always: true })).request,
	];
	expect(Number(first.revisions.time)).toBeGreaterThan(0);
	expect(Number(second.revisions.time)).toBeGreaterThanOrEqual(Number(first.revisions.time));
});

it("has the result of the check as outputs", async () => {
	const { check } = await requestOf("outputs", { service: { namespace: "shop", name: "other" } });
	expect(await settled(check.checkedAt)).toBe("2026-01-01T00:00:00.000Z");
	expect(await settled(check.requests)).toMatchObject([{ how: "measured", ok: true }]);
	expect(await settled(check.findings)).toEqual([]);
});
