import { expect, it } from "vitest";
import { newCreationId, ownerIn, ownerOf } from "../../../kind/owner.ts";
import { scratchFolder } from "../fakePrograms.ts";

scratchFolder();

it("distinguishes clones, stacks and components", async () => {
	const home = await ownerOf("dev", "cluster");
	const others = [await ownerOf("test", "cluster"), await ownerOf("dev", "other")];
	const folder = process.cwd();
	process.chdir("/");
	others.push(await ownerOf("dev", "cluster"));
	process.chdir(folder);
	expect(new Set([home, ...others]).size).toBe(4);
});

it("is the same for a stack's full name", async () => {
	expect(await ownerOf("organization/nodeport-lab/dev", "cluster")).toBe(await ownerOf("dev", "cluster"));
});

it("is in every creation id; an id of another format stands for itself", async () => {
	const owner = await ownerOf("dev", "cluster");
	expect(ownerIn(newCreationId("0a1b2c3d", owner))).toBe(owner);
	expect(ownerIn("some-body-elses")).toBe("some-body-elses");
});
