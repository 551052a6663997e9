import { writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { findNodes } from "../../../kind/docker.ts";
import { program, scratchFolder } from "../fakePrograms.ts";

scratchFolder();

it.each([
	["is not while its network is there", { kind: { NetworkID: "1111", IPAddress: "172.18.0.2" } }, false],
	["is not before its first start", { kind: { NetworkID: "", IPAddress: "" } }, false],
	["is when its network is gone, or another of that name", { kind: { NetworkID: "2222", IPAddress: "" } }, true],
	["is when it was taken off its network", {}, true],
	["is when it is on another's network alone", { bridge: { NetworkID: "0000", IPAddress: "172.17.0.2" } }, true],
	[
		"is not while it is on another's network, too",
		{ bridge: { NetworkID: "0000", IPAddress: "172.17.0.2" }, kind: { NetworkID: "1111", IPAddress: "172.18.0.2" } },
		false,
	],
] as [string, Record<string, { NetworkID: string; IPAddress: string }>, boolean][])(
	"a node's container that is cut off from the others: it %s",
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
		expect(await findNodes("c")).toEqual([
			{
				name: "c-worker",
				cluster: "c",
				state: "exited",
				startedAt: "2026-01-01T00:00:00Z",
				address,
				isCutOff,
				creationId: "1234",
			},
		]);
	},
);
