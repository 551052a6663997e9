import { beforeAll, expect, it } from "vitest";
import { labNamespace } from "../../../../components/lab/labNamespace.ts";
import { ownerAnnotation } from "../../../../kind/owner.ts";
import { only, type Recorded, record, settled } from "../recorder.ts";

let recorded: Recorded[];
beforeAll(async () => {
	recorded = await record();
});

const made = async (name: string, privileged: boolean) => {
	await settled(labNamespace(name, { privileged }, {}));
	return only(recorded, "kubernetes:core/v1:Namespace", name).inputs.metadata;
};

it("has a unique mark of its creation", async () => {
	const marks = [await made("one", false), await made("two", false)].map(
		({ annotations }) => annotations[ownerAnnotation],
	);
	for (const mark of marks) expect(mark).toMatch(/^[0-9a-f]{16}$/);
	expect(marks[0]).not.toBe(marks[1]);
});

it("allows privileged pods only if the lab runs some there", async () => {
	expect((await made("plain", false)).labels).toBeUndefined();
	expect((await made("traced", true)).labels).toEqual({ "pod-security.kubernetes.io/enforce": "privileged" });
});

it("isn't created if it always exists", async () => {
	await settled(labNamespace("default", { privileged: true }, {}));
	expect(recorded.some(({ name }) => name === "default")).toBe(false);
});
