import { expect, it } from "vitest";
import { judgeCluster } from "../../../../cli/doctor/clusterOwner.ts";
import { newCreationId } from "../../../../kind/owner.ts";
import { containers } from "../../kind/fakeEngine.ts";

const owner = "0123abcd";

it.each([
	["absent", [], "ok", 'no kind cluster is named "c" yet'],
	["this stack's own", containers(newCreationId("00000000", owner)), "ok", 'this stack owns "c" (2 nodes)'],
	["another clone's", containers(newCreationId("00000000", "ffffffff")), "stop", "another clone or stack"],
	["foreign", containers(), "stop", "kind delete cluster --name c"],
])("a kind cluster with this name: %s", (_, nodes, level, found) => {
	expect(judgeCluster("c", nodes, owner)).toMatchObject({ level, found: expect.stringContaining(found) });
});
