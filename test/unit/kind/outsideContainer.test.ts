import { beforeEach, expect, it, vi } from "vitest";
import { docker } from "../../../kind/docker.ts";
import { closeOutside, openOutside, outsideId } from "../../../kind/outsideContainer.ts";
import { newCreationId } from "../../../kind/owner.ts";

vi.mock(import("../../../kind/docker.ts"), async (original) => ({ ...(await original()), docker: vi.fn() }));

const owner = "0123abcd";
const cluster = { name: "c", id: newCreationId("00000000", owner) };
const strangers = newCreationId("00000000", "ffffffff");

/** The arguments of the last `docker run`. */
let bounds: string[];
/** What `docker ps` shows; and what else was run. */
let found: string[];
let done: string[];

beforeEach(() => {
	found = [];
	done = [];
	vi.mocked(docker).mockImplementation(async (...args) => {
		if (args[0] === "ps") return found.join("\n");
		if (args[0] === "run") bounds = args;
		if (args[0] === "inspect") return "172.18.0.9";
		done.push(args.slice(0, 3).join(" "));
		return "";
	});
});

it("is kept while it runs under its id", async () => {
	found = [`c-outside,11112222,${cluster.id},running`];
	expect(await outsideId(cluster)).toBe("11112222");
	expect(await openOutside(cluster, "image", "11112222")).toBe("172.18.0.9");
	expect(done).toEqual([]);
});

it("is made anew where it is stopped, also one of the owner's earlier cluster", async () => {
	found = [`c-outside,11112222,${newCreationId("11111111", owner)},exited`];
	expect(await outsideId(cluster)).not.toBe("11112222");
	await openOutside(cluster, "image", "33334444");
	expect(done).toEqual(["rm --force c-outside", "run --detach --name"]);
});

it("may do nothing but use its network", async () => {
	await openOutside(cluster, "image", "1");
	const options = "--network kind --read-only --cap-drop ALL --security-opt no-new-privileges --user 65532:65532 image";
	expect(bounds.join(" ")).toContain(` ${options} `);
	expect(bounds).not.toContain("--privileged");
});

it.each([
	["another clone's", `c-outside,11112222,${strangers},running`, "belongs to another clone or stack"],
	["a stranger's container of that name", "c-outside,,,running", "that this project did not make"],
])("refuses %s without touching it", async (_, container, message) => {
	found = [container];
	await expect(outsideId(cluster)).rejects.toThrow(message);
	await expect(openOutside(cluster, "image", "11112222")).rejects.toThrow("docker rm --force c-outside");
	expect(done).toEqual([]);
});

it("is closed only where it is the owner's, and not where its cluster stays", async () => {
	found = [
		`c-outside,1,${cluster.id},running`,
		`old-outside,2,${newCreationId("11111111", owner)},exited`,
		`theirs-outside,3,${strangers},running`,
	];
	await closeOutside(owner, "c");
	expect(done).toEqual(["rm --force old-outside"]);
	await closeOutside(owner);
	expect(done.slice(1)).toEqual(["rm --force c-outside", "rm --force old-outside"]);
});
