/** npm run destroy: removes the lab; the engine, its kind network, images and caches stay. */
import { deleteCluster } from "../cluster/kind.ts";
import { closeOutside } from "../cluster/outside.ts";
import { command, pulumi, selectStack, setting } from "./lab.ts";

await command(async () => {
	await selectStack();
	const code = await pulumi("destroy", "--yes", "--skip-preview");
	if (code !== 0) return code;
	// An interrupted update may have left a cluster that the state does not know.
	const name = await setting("clusterName");
	await closeOutside(name);
	await deleteCluster(name, "");
	return 0;
});
