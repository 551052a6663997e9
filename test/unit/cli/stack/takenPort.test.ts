import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { refuseTakenPort } from "../../../../cli/stack/takenPort.ts";
import type { Properties } from "../../../../toolchain/substitutes/protocol/properties.ts";
import { ApiServer } from "../../apiServer.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();
let server: ApiServer;
let kubeconfig: string;

const service = (name: string, ports: Properties[]): Properties => ({
	metadata: { name, namespace: "shop" },
	spec: { ports },
});

beforeEach(async () => {
	server = new ApiServer();
	kubeconfig = join(folder.path, "kubeconfig");
	await writeFile(kubeconfig, await server.start());
});
afterEach(() => server.stop());

it.each([
	["nobody's", []],
	["the lab's own", [service("nodeport-service", [{ port: 80, nodePort: 30040 }])]],
	["another Service's, over UDP", [service("dns", [{ port: 53, nodePort: 30040, protocol: "UDP" }])]],
	[
		"free, next to other ports",
		[service("web", [{ port: 80, nodePort: 30041 }]), { metadata: { name: "x" }, spec: {} }],
	],
])("a nodePort may be %s", async (_, items) => {
	server.objects.set("/api/v1/services", { items });
	await expect(refuseTakenPort({ kubeconfig }, "30040")).resolves.toBeUndefined();
});

it("a Service with the lab's name in another namespace is foreign if the lab has its own namespace", async () => {
	server.objects.set("/api/v1/services", { items: [service("nodeport-service", [{ port: 80, nodePort: 30040 }])] });
	await expect(refuseTakenPort({ kubeconfig }, "30040", "shop")).resolves.toBeUndefined();
	await expect(refuseTakenPort({ kubeconfig }, "30040", "mine")).rejects.toThrow("Service shop/nodeport-service uses");
});

it("refuses a nodePort of another Service, and names that Service, the free ports and the fix", async () => {
	const web = service("web", [{ port: 443 }, { port: 80, nodePort: 30040, protocol: "TCP" }]);
	server.objects.set("/api/v1/services", { items: [web] });
	await expect(refuseTakenPort({ kubeconfig }, "30040")).rejects.toThrow(
		"nodePort: got 30040, which Service shop/web uses; allowed: a free port from 30000 to 32767; " +
			`fix: pulumi config set nodePort 30000, or kubectl --kubeconfig ${kubeconfig} -n shop delete service web`,
	);
});
