import { appendFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { Changes } from "../../../../cli/update/componentChanges.ts";
import { type EngineEvent, EventLog } from "../../../../cli/update/eventLog.ts";
import { changeText } from "../../../../report/answer/changeText.ts";
import { scratchFolder } from "../../fakePrograms.ts";

scratchFolder();

const prefix = "urn:pulumi:dev::nodeport-lab::";
const stack = `${prefix}pulumi:pulumi:Stack::nodeport-lab-dev`;
const cluster = { urn: `${prefix}nodeport-lab:index:KindCluster::cluster`, parent: stack, custom: false };
const child = (name: string) => ({
	urn: `${prefix}nodeport-lab:index:KindCluster$command:local:Command::${name}`,
	parent: cluster.urn,
	custom: true,
});
const namespace = { urn: `${prefix}kubernetes:core/v1:Namespace::lab`, parent: stack, custom: true };

type Resource = typeof cluster;
const step = (op: string, { urn, ...state }: Resource) => ({
	metadata: { op, urn, type: urn.split("::")[2]?.split("$").at(-1) ?? "", new: state },
});
const before = (op: string, resource: Resource): EngineEvent => ({ resourcePreEvent: step(op, resource) });
const after = (op: string, resource: Resource): EngineEvent => ({ resOutputsEvent: step(op, resource) });

const linesOf = (...events: EngineEvent[]) => {
	const changes = new Changes();
	const ended = events.flatMap((event, i) => changes.add(event, i * 1000));
	return [...ended, ...changes.rest(events.length * 1000)].map(changeText);
};

it("is one line for each component, with its time", () => {
	expect(
		linesOf(
			before("create", cluster),
			before("create", child("cluster-cluster")),
			after("create", child("cluster-cluster")),
			before("create", child("cluster-access")),
			after("create", child("cluster-access")),
			after("create", cluster),
			before("create", namespace),
			after("create", namespace),
		),
	).toEqual(["cluster: created (4.0 s)", "lab: created (1.0 s)"]);
});

it("names what changed in a component that was there", () => {
	const [access, image] = [child("cluster-access"), child("cluster-image")];
	expect(
		linesOf(
			before("same", cluster),
			before("update", access),
			after("update", access),
			before("replace", image),
			before("create-replacement", image),
			after("create-replacement", image),
			after("replace", image),
			after("same", cluster),
			before("delete-replaced", image),
			after("delete-replaced", image),
		),
	).toEqual(["cluster: updated cluster-access, replaced cluster-image (6.0 s)"]);
});

it("has no line for what stays, is read or is refreshed, nor for providers and the stack", () => {
	const resource = child("cluster-cluster");
	const provider = { urn: `${prefix}pulumi:providers:kubernetes::default`, parent: stack, custom: true };
	const unchanged = ["same", "read", "refresh"].flatMap((op) => [before(op, resource), after(op, resource)]);
	expect(linesOf(...unchanged, before("create", provider), after("create", provider), after("same", cluster))).toEqual(
		[],
	);
});

it("reports what had changed when the update ended early", () => {
	const resource = child("cluster-cluster");
	const unfinished = [before("create", resource), after("create", resource), before("create", child("cluster-access"))];
	expect(linesOf(before("create", cluster), ...unfinished)).toEqual(["cluster: created cluster-cluster (3.0 s)"]);
});

it("knows which components are being changed", () => {
	const changes = new Changes();
	changes.add(before("create", child("cluster-cluster")), 0);
	expect(changes.running).toEqual(["cluster"]);
	changes.add(after("create", child("cluster-cluster")), 1);
	expect(changes.running).toEqual([]);
});

it("reads a growing log, each event once, and waits for the end of a line", async () => {
	const log = new EventLog("events");
	const text = JSON.stringify(before("create", cluster));
	expect(await log.read()).toEqual([]);
	await writeFile("events", `${text}\n${text.slice(0, 9)}`);
	expect(await log.read()).toEqual([before("create", cluster)]);
	await appendFile("events", `${text.slice(9)}\n`);
	expect(await log.read()).toEqual([before("create", cluster)]);
	expect(await log.read()).toEqual([]);
});
