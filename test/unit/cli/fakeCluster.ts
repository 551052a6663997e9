/** A small API server with the objects that the commands read and remove. */
import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach } from "vitest";
import { ApiServer } from "../apiServer.ts";

const kind = (name: string, kind: string, namespaced = true) => ({ name, kind, namespaced });

/** Answers for the file `k` in the working folder, by its context `test`. */
export function apiServer(): { readonly server: ApiServer; reset(): void } {
	const holder = { server: new ApiServer(), reset };
	function reset() {
		holder.server.objects.clear();
		holder.server.asked.length = 0;
		const core = [kind("namespaces", "Namespace", false), kind("services", "Service"), kind("pods", "Pod")];
		holder.server.objects.set("/api/v1", { resources: core });
		holder.server.objects.set("/apis/apps/v1", { resources: [kind("deployments", "Deployment")] });
	}
	beforeEach(async () => {
		holder.server = new ApiServer();
		reset();
		await writeFile("k", await holder.server.start());
	});
	afterEach(() => holder.server.stop());
	return holder;
}

/** The paths of the objects that were deleted. */
export const deleted = ({ asked }: ApiServer): string[] =>
	asked.filter(({ method }) => method === "DELETE").map(({ path }) => path);
