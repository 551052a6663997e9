import { readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { removeUnrecorded } from "../../../../cli/stack/interrupted.ts";
import { refuseReplaced, refuseTaken, whoseNamespace } from "../../../../cli/stack/ownNamespace.ts";
import { ownerAnnotation } from "../../../../kind/owner.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";
import { onExisting, pending, writeState } from "../stackState.ts";

scratchFolder();
beforeEach(() => {
	vi.stubEnv("PULUMI_BACKEND_URL", "");
	vi.spyOn(console, "error").mockImplementation(() => {});
});

const access = { kubeconfig: "k", context: "prod" };
const made = { name: "lab", uid: "uid-1" };

/** Namespaces that the cluster has, each by its uid and mark. */
const cluster = (own: Record<string, string>) => {
	const namespaces = { "kube-system": "uid-of-cluster", ...own };
	return program(
		"kubectl",
		[
			'echo "$*" >> asked',
			'case "$*" in',
			...Object.entries(namespaces).map(([name, found]) => `*" get namespace ${name} "*) printf '${found}';;`),
			"esac",
		].join("\n"),
	);
};

describe("a namespace of a cluster that is not the lab's own", () => {
	it.each([
		["nobody's", {}, onExisting(made), []],
		["ours", { lab: "uid-1 any" }, onExisting(made), []],
		["ours", { lab: "uid-1 " }, onExisting(made), []],
		["others'", { lab: "uid-2 any" }, onExisting(made), []],
		["others'", { lab: "uid-1 any" }, onExisting({ ...made, name: "other" }), []],
		["others'", { lab: "uid-1 " }, [], []],
		["ours", { lab: "uid-1 m" }, [], [{ [ownerAnnotation]: "m" }]],
		["others'", { lab: "uid-1 m" }, [], [{ [ownerAnnotation]: "n" }]],
		["others'", { lab: "uid-1 " }, [], [{}]],
	])("is %s: %j", async (whose, namespaces, resources, marks) => {
		await cluster(namespaces);
		const notes = marks.map((annotations) =>
			pending("creating", "kubernetes:core/v1:Namespace", { name: "lab", annotations }),
		);
		await writeState(resources, notes);
		expect(await whoseNamespace(access, "lab")).toBe(whose);
		expect(await readFile("asked", "utf8")).toMatch(/^--kubeconfig k --context prod .*get namespace lab /);
	});

	it("is known by the state wherever that is", async () => {
		vi.stubEnv("PULUMI_BACKEND_URL", "s3://bucket");
		await cluster({ lab: "uid-1 any" });
		await program("pulumi", `echo '${JSON.stringify({ deployment: { resources: onExisting(made) } })}'`);
		expect(await whoseNamespace(access, "lab")).toBe("ours");
	});

	it("is refused to a stack that has not made it, with what mends it", async () => {
		await cluster({ lab: "uid-1 any" });
		await writeState([]);
		await expect(refuseTaken(access, "lab")).rejects.toThrow(
			/^namespace: got "lab", which is there already, .*; nothing was changed; fix: pulumi config set namespace lab2, or, .*: kubectl --kubeconfig k --context prod delete namespace lab$/,
		);
		await writeState(onExisting(made));
		await expect(refuseTaken(access, "lab")).resolves.toBeUndefined();
	});
});

describe("a namespace that the stack knows, and another has made anew", () => {
	it("is refused, and what is gone with it is to be forgotten", async () => {
		await cluster({ lab: "uid-2 theirs" });
		await writeState(onExisting(made));
		await expect(refuseReplaced()).rejects.toThrow(
			/"lab" .* is gone, .*nothing was changed; .*pulumi state delete --all/,
		);
	});

	it("is looked for where the stack is, by the way that is configured only if that leads to the same cluster", async () => {
		await cluster({ lab: "uid-1 ours" });
		await writeState(onExisting(made));
		const moved = { kubeconfig: "moved", context: "prod" };
		await refuseReplaced({ id: "uid-of-cluster", access: moved });
		await refuseReplaced({ id: "uid-of-another", access: moved });
		const asked = (await readFile("asked", "utf8")).trim().split("\n");
		expect(
			asked.map((line) =>
				line
					.match(/--kubeconfig (\S+) .*get namespace (\S+) /)
					?.slice(1)
					.join(" "),
			),
		).toEqual(["moved lab", "k kube-system", "k lab"]);
	});

	it("is not looked for where the way leads elsewhere now, or nowhere: what to do then is told", async () => {
		await writeState(onExisting(made));
		await cluster({ "kube-system": "uid-of-another", lab: "uid-2 theirs" });
		await expect(refuseReplaced()).rejects.toThrow(
			/^k, context prod, leads to another cluster .*; nothing was changed; fix: .*pulumi state delete --all --yes$/,
		);
		await program("kubectl", "echo 'connection refused' >&2; exit 1");
		await expect(refuseReplaced()).rejects.toThrow(
			/does not answer by k, context prod \(.*connection refused\); nothing was changed; fix, .*gone for good: pulumi state delete --all --yes$/,
		);
		vi.stubEnv("PULUMI_K8S_DELETE_UNREACHABLE", "true");
		await refuseReplaced();
	});

	it("is no matter where there is none, and on a cluster of the lab's own", async () => {
		await cluster({ lab: "uid-2 theirs" });
		await writeState([]);
		await refuseReplaced();
		await writeState(onExisting(made).slice(1));
		await refuseReplaced();
		await cluster({});
		await writeState(onExisting(made));
		await refuseReplaced();
	});
});

describe("what a killed update was making in a cluster that is not the lab's own", () => {
	const service = (namespace: string) =>
		pending("creating", "kubernetes:core/v1:Service", { name: "front", namespace });
	const removed = () => readFileSync("asked", "utf8").match(/delete .*/g) ?? [];

	it.each([
		["in the stack's own namespace", "uid-1 any", ["delete Service front --ignore-not-found --timeout=60s"]],
		["in one of another, as after the context was corrected", "uid-2 any", []],
	])("%s", async (_, found, expected) => {
		await cluster({ lab: found });
		await writeState(onExisting(made), [service("lab")]);
		await removeUnrecorded({ kind: "existing", access });
		expect(removed()).toEqual(expected);
	});

	it("stays in default, where a lab of kind's was", async () => {
		await cluster({ default: "uid-0 " });
		await writeState([], [service("default")]);
		await removeUnrecorded({ kind: "existing", access });
		expect(removed()).toEqual([]);
	});

	it("is the namespace itself only where that bears the mark of this very creation", async () => {
		const annotations = { [ownerAnnotation]: "ours" };
		await writeState([], [pending("creating", "kubernetes:core/v1:Namespace", { name: "lab", annotations })]);
		for (const mark of ["theirs", "", "ours"]) {
			await cluster({ lab: `uid-1 ${mark}` });
			await removeUnrecorded({ kind: "existing", access });
			expect(removed()).toHaveLength(mark === "ours" ? 1 : 0);
			await rm("asked");
		}
	});
});
