import { beforeEach, describe, expect, it, vi } from "vitest";
import { removeUnrecorded } from "../../../../cli/stack/interrupted.ts";
import { namespaceOwners, refuseReplaced, refuseTaken } from "../../../../cli/stack/ownNamespace.ts";
import { readState } from "../../../../cli/stack/stackState.ts";
import { ownerAnnotation } from "../../../../kind/owner.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";
import { apiServer, deleted } from "../fakeCluster.ts";
import { onExisting, pending, stateOf } from "../sampleState.ts";

scratchFolder();
const api = apiServer();
beforeEach(() => {
	vi.stubEnv("PULUMI_BACKEND_URL", "");
	vi.spyOn(console, "error").mockImplementation(() => {});
});

const access = { kubeconfig: "k", context: "test" };
const own = { name: "lab", uid: "uid-1" };
const owners = (resources: object[]) => namespaceOwners(access, stateOf(resources));

/** Gives the cluster these namespaces, each as its uid and mark. */
function cluster(found: Record<string, string>): void {
	api.reset();
	for (const [name, text] of Object.entries({ "kube-system": "uid-of-cluster", ...found })) {
		const [uid = "", mark] = text.split(" ");
		const annotations: Record<string, string> = mark ? { [ownerAnnotation]: mark } : {};
		api.server.objects.set(`/api/v1/namespaces/${name}`, { metadata: { name, uid, annotations } });
	}
}

describe("a namespace of an existing cluster", () => {
	it.each([
		["absent", {}, onExisting(own), []],
		["own", { lab: "uid-1 any" }, onExisting(own), []],
		["own", { lab: "uid-1 " }, onExisting(own), []],
		["foreign", { lab: "uid-2 any" }, onExisting(own), []],
		["foreign", { lab: "uid-1 any" }, onExisting({ ...own, name: "other" }), []],
		["foreign", { lab: "uid-1 " }, [], []],
		["own", { lab: "uid-1 m" }, [], [{ [ownerAnnotation]: "m" }]],
		["foreign", { lab: "uid-1 m" }, [], [{ [ownerAnnotation]: "n" }]],
		["foreign", { lab: "uid-1 " }, [], [{}]],
	])("is %s: %j", async (owner, namespaces, resources, marks) => {
		cluster(namespaces);
		const notes = marks.map((annotations) =>
			pending("creating", "kubernetes:core/v1:Namespace", { name: "lab", namespace: "default", annotations }),
		);
		expect(await namespaceOwners(access, stateOf(resources, notes))("lab")).toBe(owner);
		expect(api.server.asked).toMatchObject([{ method: "GET", path: "/api/v1/namespaces/lab" }]);
	});

	it("is known from the state in any backend", async () => {
		vi.stubEnv("PULUMI_BACKEND_URL", "s3://bucket");
		cluster({ lab: "uid-1 any" });
		await program("pulumi", `echo '${JSON.stringify({ deployment: { resources: onExisting(own) } })}'`);
		expect(await namespaceOwners(access, await readState())("lab")).toBe("own");
	});

	it("is refused to a stack that didn't create it, with the fix", async () => {
		cluster({ lab: "uid-1 any" });
		await expect(refuseTaken(access, "lab", owners([]))).rejects.toThrow(
			/^namespace: got "lab", which already exists .*; nothing was changed; fix: pulumi config set namespace lab2, or, .*: kubectl --kubeconfig k --context test delete namespace lab$/,
		);
		await expect(refuseTaken(access, "lab", owners(onExisting(own)))).resolves.toBeUndefined();
	});
});

describe("a namespace of the stack that somebody else has created again", () => {
	it("is refused, with the command that makes the stack forget it", async () => {
		cluster({ lab: "uid-2 theirs" });
		await expect(refuseReplaced(stateOf(onExisting(own)))).rejects.toThrow(
			/"lab" was deleted, .*nothing was changed; .*pulumi state delete --all/,
		);
	});

	it("is read by the configured access only if that leads to the same cluster", async () => {
		cluster({ lab: "uid-1 own" });
		// The recorded access leads nowhere: a request that uses it fails.
		const state = stateOf(onExisting(own, { kubeconfig: "gone", context: "test" }));
		const configured = { id: "uid-of-cluster", owners: namespaceOwners(access, state) };
		await refuseReplaced(state, configured);
		expect(api.server.asked.map(({ path }) => path)).toEqual(["/api/v1/namespaces/lab"]);
		await expect(refuseReplaced(state, { ...configured, id: "uid-of-another" })).rejects.toThrow(
			"can't be reached by gone",
		);
		const paths = async () => {
			api.server.asked.length = 0;
			await refuseReplaced(stateOf(onExisting(own)), { ...configured, id: "uid-of-another" });
			return api.server.asked.map(({ path }) => path);
		};
		expect(await paths()).toEqual(["/api/v1/namespaces/kube-system", "/api/v1/namespaces/lab"]);
	});

	it("isn't looked for if the access leads to another cluster or nowhere: the fix is printed", async () => {
		const state = stateOf(onExisting(own));
		cluster({ lab: "uid-2 theirs" });
		api.server.objects.set("/api/v1/namespaces/kube-system", { metadata: { uid: "uid-of-another" } });
		await expect(refuseReplaced(state)).rejects.toThrow(
			/^k, context test, is another cluster than .*; nothing was changed; fix: .*pulumi state delete --all --yes$/,
		);
		api.server.stop();
		await expect(refuseReplaced(state)).rejects.toThrow(
			/can't be reached by k, context test \(.*ECONNREFUSED.*\); nothing was changed; fix, .*gone for good: pulumi state delete --all --yes$/,
		);
		vi.stubEnv("PULUMI_K8S_DELETE_UNREACHABLE", "true");
		await refuseReplaced(state);
	});

	it("doesn't matter if the stack has none, or is on the lab's own cluster", async () => {
		cluster({ lab: "uid-2 theirs" });
		await refuseReplaced(stateOf([]));
		await refuseReplaced(stateOf(onExisting(own).slice(1)));
		cluster({});
		await refuseReplaced(stateOf(onExisting(own)));
	});
});

describe("what an interrupted update was creating in an existing cluster", () => {
	const service = (namespace: string) =>
		pending("creating", "kubernetes:core/v1:Service", { name: "front", namespace });
	const there = (path: string) => api.server.objects.set(path, {});

	it.each([
		["is removed from the stack's own namespace", "uid-1 any", ["/api/v1/namespaces/lab/services/front"]],
		["stays in a foreign one, as after the context was corrected", "uid-2 any", []],
	])("%s", async (_, found, expected) => {
		cluster({ lab: found });
		there("/api/v1/namespaces/lab/services/front");
		const state = stateOf(onExisting(own), [service("lab")]);
		await removeUnrecorded(access, state, namespaceOwners(access, state));
		expect(deleted(api.server)).toEqual(expected);
	});

	it("stays in default, where a kind lab was", async () => {
		cluster({ default: "uid-0 " });
		there("/api/v1/namespaces/default/services/front");
		const state = stateOf([], [service("default")]);
		await removeUnrecorded(access, state, namespaceOwners(access, state));
		expect(deleted(api.server)).toEqual([]);
	});

	it("is the namespace itself only if that has the mark of this very creation", async () => {
		const annotations = { [ownerAnnotation]: "own" };
		const metadata = { name: "lab", namespace: "default", annotations };
		const state = stateOf([], [pending("creating", "kubernetes:core/v1:Namespace", metadata)]);
		for (const mark of ["theirs", "", "own"]) {
			cluster({ lab: `uid-1 ${mark}` });
			await removeUnrecorded(access, state, namespaceOwners(access, state));
			expect(deleted(api.server)).toHaveLength(mark === "own" ? 1 : 0);
		}
	});
});
