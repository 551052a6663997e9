import { writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { findNodes } from "../../../kind/docker.ts";
import { calls, program, scratchFolder } from "../fakePrograms.ts";
import { containers, fakeEngine } from "./fakeEngine.ts";

scratchFolder();

it("shares one answer between callers that ask at the same time", async () => {
	await fakeEngine(containers("1"));
	const [first, second] = await Promise.all([findNodes("c"), findNodes("c")]);
	expect(first).toEqual(containers("1"));
	expect(second).toBe(first);
	expect(calls()).toHaveLength(3);
	await findNodes("c");
	expect(calls()).toHaveLength(6);
});

it("reads the other nodes if one is removed meanwhile", async () => {
	const [controlPlane] = containers("1");
	await fakeEngine(controlPlane ? [controlPlane] : []);
	await program(
		"docker",
		`case "$1" in
ps) printf 'node-c-control-plane\\ngone\\n' ;;
inspect) printf '['; cat engine/node-c-control-plane.json; echo ']'; echo "Error: No such object: gone" >&2; exit 1 ;;
network) echo 1111 ;;
esac`,
	);
	expect(await findNodes("c")).toEqual([controlPlane]);
});

it.each([
	["is false while its network exists", { kind: { NetworkID: "1111", IPAddress: "172.18.0.2" } }, false],
	["is false before its first start", { kind: { NetworkID: "", IPAddress: "" } }, false],
	["is true if its network was removed or recreated", { kind: { NetworkID: "2222", IPAddress: "" } }, true],
	["is true if it was disconnected from its network", {}, true],
	["is true if it is only on another network", { bridge: { NetworkID: "0000", IPAddress: "172.17.0.2" } }, true],
	[
		"is false while it is also on another network",
		{ bridge: { NetworkID: "0000", IPAddress: "172.17.0.2" }, kind: { NetworkID: "1111", IPAddress: "172.18.0.2" } },
		false,
	],
] as [string, Record<string, { NetworkID: string; IPAddress: string }>, boolean][])(
	"whether a node is cut off from the others %s",
	async (_, Networks, isCutOff) => {
		const container = {
			Name: "/c-worker",
			State: { Status: "exited", StartedAt: "2026-01-01T00:00:00Z" },
			Config: { Labels: { "io.x-k8s.kind.cluster": "c" } },
			Mounts: [{ Destination: "/kind/nodeport-lab/1234" }],
			NetworkSettings: { Networks },
		};
		await writeFile("container", JSON.stringify([container]));
		const answers = ["ps) echo 0123 ;;", "inspect) cat container ;;", '"network") printf "0000\\n1111\\n" ;;'];
		await program("docker", `case "$1" in\n${answers.join("\n")}\nesac`);
		const address = Networks.kind?.IPAddress ?? "";
		const addresses = address === "" ? [] : [address];
		expect(await findNodes("c")).toEqual([
			{
				name: "c-worker",
				cluster: "c",
				state: "exited",
				startedAt: "2026-01-01T00:00:00Z",
				addresses,
				isCutOff,
				creationId: "1234",
			},
		]);
	},
);
