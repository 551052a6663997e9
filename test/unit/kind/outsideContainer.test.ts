import { beforeEach, expect, it } from "vitest";
import { outsideClientId, removeOutsideClients, startOutsideClient } from "../../../kind/outsideContainer.ts";
import { newCreationId } from "../../../kind/owner.ts";
import { scratchFolder } from "../fakePrograms.ts";
import { changes, clients, fakeEngine, setClients } from "./fakeEngine.ts";

const owner = "0123abcd";
const cluster = { name: "c", id: newCreationId("00000000", owner) };
const foreignId = newCreationId("00000000", "ffffffff");

scratchFolder(() => fakeEngine());
beforeEach(() => setClients());

it("is kept while it runs under its id", async () => {
	await setClients(`c-outside,11112222,${cluster.id},running`);
	expect(await outsideClientId(cluster)).toBe("11112222");
	expect(await startOutsideClient(cluster, "image", "11112222")).toBe("172.18.0.9 fc00:f853:ccd:e793::9");
	expect(changes()).toEqual([]);
});

it("is replaced if it is stopped, also a client of the owner's earlier cluster", async () => {
	await setClients(`c-outside,11112222,${newCreationId("11111111", owner)},exited`);
	expect(await outsideClientId(cluster)).not.toBe("11112222");
	await startOutsideClient(cluster, "image", "33334444");
	expect(clients()).toEqual([`c-outside,33334444,${cluster.id},running`]);
	expect(await outsideClientId(cluster)).toBe("33334444");
});

it("may only use its network", async () => {
	await startOutsideClient(cluster, "image", "1");
	const options = "--network kind --read-only --cap-drop ALL --security-opt no-new-privileges --user 65532:65532 image";
	expect(changes()).toEqual([expect.stringContaining(` ${options} `)]);
	expect(changes()[0]).not.toContain("--privileged");
});

it.each([
	["another clone's client", `c-outside,11112222,${foreignId},running`, "belongs to another clone or stack"],
	["another program's container of that name", "c-outside,,,running", "isn't managed by this project"],
])("refuses %s and doesn't change it", async (_, container, message) => {
	await setClients(container);
	await expect(outsideClientId(cluster)).rejects.toThrow(message);
	await expect(startOutsideClient(cluster, "image", "11112222")).rejects.toThrow("docker rm --force c-outside");
	expect(clients()).toEqual([container]);
});

it("is removed only if it is the owner's, and not if its cluster stays", async () => {
	const [own, old, other] = [
		`c-outside,1,${cluster.id},running`,
		`old-outside,2,${newCreationId("11111111", owner)},exited`,
		`theirs-outside,3,${foreignId},running`,
	] as const;
	await setClients(own, old, other);
	await removeOutsideClients(owner, "c");
	expect(clients()).toEqual([own, other]);
	await removeOutsideClients(owner);
	expect(clients()).toEqual([other]);
});
