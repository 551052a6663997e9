import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isClean, repairLeftFault, withFault } from "../../../../verification/lesson/brokenLab.ts";
import { exercises, planFault } from "../../../../verification/lesson/exercises.ts";
import { readFaultRecord, writeFaultRecord } from "../../../../verification/lesson/faultRecord.ts";
import { inject, repair } from "../../../../verification/lesson/lessonFaults.ts";
import { temporaryFolder } from "../../temporary.ts";
import { FakeLessonLab, serviceName } from "./fakeLessonLab.ts";

const folder = temporaryFolder();
const record = () => join(folder.path, "broken.json");
const service = { ...serviceName, uid: "uid-1" };
const kinds = exercises.map(({ fault }) => fault);

const plan = async (kind: (typeof kinds)[number], lab: FakeLessonLab) => planFault(kind, await lab.snapshot());
const isWhole = async (lab: FakeLessonLab) => isClean(await lab.diagnose());

/** What can be broken, without what was done to break it. */
const stateOf = ({ service, stopped, mangle, flushed }: FakeLessonLab) => ({
	service: structuredClone(service),
	stopped: [...stopped],
	rules: [...mangle.values()].flat(),
	flushed: [...flushed],
});

it.each(kinds)("breaks and repairs the lab: %s", async (kind) => {
	const lab = new FakeLessonLab();
	const before = stateOf(lab);
	const fault = await plan(kind, lab);
	await inject(fault, lab, service);
	expect(await isWhole(lab)).toBe(false);
	await repair(fault, lab, service);
	expect(await isWhole(lab)).toBe(true);
	expect(stateOf(lab)).toEqual(before);
});

it.each(kinds)("repairs nothing that is right already: %s", async (kind) => {
	const lab = new FakeLessonLab();
	const before = stateOf(lab);
	await repair(await plan(kind, lab), lab, service);
	expect(stateOf(lab)).toEqual(before);
	expect(lab.done.filter((what) => !what.startsWith("start "))).toEqual([]);
});

it("removes the firewall rule also if it is there twice, and no other rule", async () => {
	const lab = new FakeLessonLab();
	const fault = await plan("firewallRule", lab);
	await inject(fault, lab, service);
	await inject(fault, lab, service);
	const [[node, rules] = ["", []]] = lab.mangle;
	const foreign = "-A PREROUTING -p tcp -m tcp --dport 30041 -j DROP";
	lab.mangle.set(node, [...rules, foreign]);
	await repair(fault, lab, service);
	expect(lab.mangle.get(node)).toEqual([foreign]);
});

it("keeps another targetPort that the user has chosen", async () => {
	const lab = new FakeLessonLab();
	const fault = await plan("targetPort", lab);
	await inject(fault, lab, service);
	const [port] = lab.service.spec.ports;
	if (port) port.targetPort = 9;
	await repair(fault, lab, service);
	expect(port?.targetPort).toBe(9);
});

it("changes the Service as one of kubectl's managers, whose fields Pulumi takes back", async () => {
	const lab = new FakeLessonLab();
	await inject(await plan("localPolicy", lab), lab, service);
	expect(lab.done).toEqual(["replace the Service as kubectl-replace"]);
});

it("breaks nodes without a pod of the lab, so that the client and the echo keep running", async () => {
	const lab = new FakeLessonLab();
	const nodes = await Promise.all(kinds.map(async (kind) => plan(kind, lab)));
	expect(nodes.flatMap((fault) => ("node" in fault ? fault.node : []))).toEqual(
		Array.from({ length: 3 }, () => "nodeport-worker2"),
	);
});

it("names the chain of the Service", async () => {
	expect(await plan("flushedChain", new FakeLessonLab())).toMatchObject({ chain: "KUBE-SVC-SR75RJIBNEHN2H65" });
});

it.each(kinds)("records what it breaks before it does, and restores the lab when the work fails: %s", async (kind) => {
	const lab = new FakeLessonLab();
	const before = stateOf(lab);
	const fault = await plan(kind, lab);
	const work = withFault(record(), lab, serviceName, fault, async () => {
		expect(await readFaultRecord(record())).toEqual({ fault, service });
		expect(await isWhole(lab)).toBe(false);
		throw new Error("the work failed");
	});
	await expect(work).rejects.toThrow("the work failed");
	expect(stateOf(lab)).toEqual(before);
	expect(existsSync(record())).toBe(false);
	expect(lab.done.filter((what) => /ing$|ed$/.test(what))).toEqual(["breaking", "restoring", "restored"]);
});

it("refuses a record that it can't read, and names the fix", async () => {
	writeFileSync(record(), '{"fault":{"kind":"other"}}');
	await expect(readFaultRecord(record())).rejects.toThrow(/broken\.json isn't .*; fix: rm \S+broken\.json && /);
});

it("breaks nothing after an interruption", async () => {
	const lab = new FakeLessonLab();
	const fault = await plan("stoppedNode", lab);
	lab.interrupt();
	await expect(withFault(record(), lab, serviceName, fault, async () => {})).rejects.toThrow("ended by SIGINT");
	expect(lab.done).toEqual([]);
});

it.each(kinds)("restores what a killed lesson left: %s", async (kind) => {
	const lab = new FakeLessonLab();
	const before = stateOf(lab);
	const fault = await plan(kind, lab);
	await writeFaultRecord(record(), { fault, service });
	await inject(fault, lab, service);
	expect(await repairLeftFault(record(), lab)).toBe(true);
	expect(stateOf(lab)).toEqual(before);
	expect(await repairLeftFault(record(), lab)).toBe(false);
});

it.each([
	["of a Service that was replaced", { ...service, uid: "uid-0" }],
	["of a Service that is gone", { ...service, name: "other" }],
])("forgets a record %s, and changes nothing", async (_, recorded) => {
	const lab = new FakeLessonLab();
	await writeFaultRecord(record(), { fault: await plan("stoppedNode", lab), service: recorded });
	expect(await repairLeftFault(record(), lab)).toBe(false);
	expect(lab.done).toEqual([]);
	expect(existsSync(record())).toBe(false);
});
