/** In a program that uses the package there is neither npm start nor the lab's configuration. */
import { expect, it, vi } from "vitest";
import { imageId } from "../../../kind/docker.ts";
import { newCreationId, refuseForeign } from "../../../kind/owner.ts";
import { attempt } from "../../../lib/subprocess.ts";
import { program, scratchFolder } from "../fakePrograms.ts";

// The build of the package defines it.
vi.mock("../../../lib/programs/packaged.ts", () => ({ isPackaged: true }));

scratchFolder();

const messageOf = async (work: () => Promise<unknown>): Promise<string> => {
	const error = await work().then(
		() => undefined,
		(error: Error) => error,
	);
	return error?.message ?? "";
};

it.each<[string, () => Promise<unknown>, string]>([
	["a missing image", () => imageId("echo:1"), "fix: `docker pull echo:1`, or build it"],
	[
		"a missing program",
		() => attempt("kubectl-none", []),
		"kubectl-none is not on PATH; fix: install it, or add its folder to PATH",
	],
	[
		"another program's cluster",
		async () => refuseForeign("cluster", "c", [{}], "0123abcd"),
		"fix: choose another name, or remove it (kind delete cluster --name c); KindCluster's `adopt: true` takes it over",
	],
	[
		"another stack's cluster",
		async () => refuseForeign("cluster", "c", [{ creationId: newCreationId("00000000", "ffffffff") }], "0123abcd"),
		"or destroy it there (pulumi destroy)",
	],
])("%s has a fix that exists there", async (_, work, fix) => {
	await program("docker", `echo "Error: No such image: echo:1" >&2; exit 1`);
	const message = await messageOf(work);
	expect(message).toContain(fix);
	expect(message).not.toMatch(/npm|pulumi config/);
});
