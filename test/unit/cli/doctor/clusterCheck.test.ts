import { expect, it } from "vitest";
import { judgeCluster } from "../../../../cli/doctor/clusterCheck.ts";
import { newCreationId } from "../../../../kind/owner.ts";
import { containers } from "../../kind/engine.ts";

const owner = "0123abcd";

it.each([
	["none", [], "ok", 'none named "c" yet'],
	["this stack's", containers(newCreationId("00000000", owner)), "ok", "with 2 nodes"],
	["another clone's", containers(newCreationId("00000000", "ffffffff")), "stop", "another clone or stack"],
	["a stranger's", containers(), "stop", "kind delete cluster --name c"],
])("a cluster of the name: %s", (_, nodes, level, found) => {
	expect(judgeCluster("c", nodes, owner)).toMatchObject({ level, found: expect.stringContaining(found) });
});
