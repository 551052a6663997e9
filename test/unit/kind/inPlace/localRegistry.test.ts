import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { addRegistry, removeRegistry } from "../../../../kind/inPlace/localRegistry.ts";
import { newCreationId } from "../../../../kind/owner.ts";
import { calls, program, scratchFolder } from "../../fakePrograms.ts";

const id = newCreationId("00000000", "0123abcd");
const registry = { name: "kind-registry", port: 5001, image: "registry:3" };
const node = {
	Name: "/c-control-plane",
	State: { Status: "running", StartedAt: "2026-01-01T00:00:00Z" },
	Config: { Labels: { "io.x-k8s.kind.cluster": "c" } },
	Mounts: [{ Destination: `/kind/nodeport-lab/${id}` }],
	NetworkSettings: { Networks: { kind: { NetworkID: "1111", IPAddress: "172.18.0.2" } } },
};

interface Existing {
	owner?: string;
	running?: boolean;
	port?: number;
	network?: string;
}

/** The registry's container in the engine; none if it is undefined. */
async function existing(container?: Existing): Promise<void> {
	if (!container) return rm("registry", { force: true });
	const { owner, running = true, port = 5001, network = "kind" } = container;
	const found = {
		State: { Running: running },
		Config: { Labels: owner === undefined ? null : { "nodeport-lab/registry": newCreationId("00000000", owner) } },
		HostConfig: { PortBindings: { "5000/tcp": [{ HostPort: String(port) }] } },
		NetworkSettings: { Networks: { [network]: {} } },
	};
	await writeFile("registry", JSON.stringify([found]));
}

/** The calls that change something, each without its long arguments. */
const changes = () =>
	calls()
		.filter((call) => !/^docker (ps|inspect|network ls|cp|container|image)/.test(call))
		.filter((call) => /^(docker|kubectl)/.test(call));

scratchFolder();
beforeEach(async () => {
	await writeFile("nodes", JSON.stringify([node]));
	await program(
		"docker",
		`cd '${process.cwd()}'\ncase "$1 $2" in
"ps --all") case "$*" in *label=nodeport-lab/registry*) cat others 2>/dev/null || true ;; *) echo 1 ;; esac ;;
"inspect "*) cat nodes ;;
"network ls") echo 1111 ;;
"container inspect") cat registry 2>/dev/null || { echo "Error: No such container: $3" >&2; exit 1; } ;;
esac`,
	);
	await program("kubectl", `cat > '${process.cwd()}/configMap'`);
});

describe("a registry", () => {
	it("is started on kind's network and on loopback, and announced", async () => {
		expect(await addRegistry({ name: "c", id }, registry)).toBe("localhost:5001");
		const [run, exec] = changes();
		expect(run).toBe(
			`docker run --detach --name kind-registry --restart=always --network kind --label nodeport-lab/registry=${id} ` +
				"--publish 127.0.0.1:5001:5000 registry:3",
		);
		expect(exec).toMatch(/^docker exec c-control-plane sh -c /);
		expect(JSON.parse(readFileSync("configMap", "utf8"))).toMatchObject({
			metadata: { name: "local-registry-hosting", namespace: "kube-public" },
			data: { "localRegistryHosting.v1": expect.stringContaining('host: "localhost:5001"\n') },
		});
	});

	it("replaces the one that this owner started under another name, and no other", async () => {
		const theirs = newCreationId("00000000", "ffffffff");
		await writeFile(
			"others",
			`renamed ${newCreationId("11111111", "0123abcd")}\ntheirs ${theirs}\nkind-registry ${id}\n`,
		);
		await addRegistry({ name: "c", id }, registry);
		expect(changes().slice(0, 2)).toEqual([
			"docker rm --force --volumes renamed",
			expect.stringMatching(/^docker run /),
		]);
	});

	it.each<[string, Existing, string[]]>([
		["used as it is if it runs on kind's network", {}, []],
		["started if it is stopped", { running: false }, ["docker start kind-registry"]],
		["connected to kind's network", { network: "bridge" }, ["docker network connect kind kind-registry"]],
		[
			"recreated if this owner started it on another port",
			{ owner: "0123abcd", port: 5002 },
			["docker rm --force --volumes kind-registry", expect.stringMatching(/^docker run /)],
		],
	])("that exists is %s", async (_, container, expected) => {
		await existing(container);
		await addRegistry({ name: "c", id }, registry);
		expect(changes().filter((call) => !/^(docker exec|kubectl)/.test(call))).toEqual(expected);
	});

	it.each([
		[5002, /publishes its port 5000 as 5002; fix: set registry.port to 5002/],
		[0, /doesn't publish its port 5000; fix: choose another registry.name/],
	])("of another program on port %i is refused and stays", async (port, message) => {
		await existing({ port });
		await expect(addRegistry({ name: "c", id }, registry)).rejects.toThrow(message);
		expect(changes()).toEqual([]);
	});

	it("is removed by the owner that started it, and by no other", async () => {
		await existing({ owner: "ffffffff" });
		await removeRegistry(id, registry);
		await existing({});
		await removeRegistry(id, registry);
		await existing();
		await removeRegistry(id, registry);
		expect(changes()).toEqual([]);
		await existing({ owner: "0123abcd" });
		await removeRegistry(id, registry);
		expect(changes()).toEqual(["docker rm --force --volumes kind-registry"]);
	});
});

describe("a node", () => {
	/** Runs what the node would run, below this folder. */
	async function configure(config: string): Promise<string> {
		await mkdir("etc/containerd", { recursive: true });
		await writeFile("etc/containerd/config.toml", config);
		await program("systemctl", "");
		await program(
			"docker",
			`cd '${process.cwd()}'\ncase "$1 $2" in
"ps --all") case "$*" in *label=nodeport-lab/registry*) cat others 2>/dev/null || true ;; *) echo 1 ;; esac ;;
"inspect "*) cat nodes ;;
"network ls") echo 1111 ;;
"container inspect") echo "Error: No such container: $3" >&2; exit 1 ;;
"exec "*) shift 4; script=$(echo "$1" | sed 's|=/etc/|=etc/|g'); shift; sh -c "$script" "$@" ;;
esac`,
		);
		await addRegistry({ name: "c", id }, registry);
		return readFileSync("etc/containerd/config.toml", "utf8");
	}
	const restarts = () => calls().filter((call) => call === "systemctl restart containerd");

	it.each([
		["version = 2", "io.containerd.grpc.v1.cri"],
		["version = 3", "io.containerd.cri.v1.images"],
		["version = 4", "io.containerd.cri.v1.images"],
	])("with containerd's configuration %s reads where to pull from", async (version, plugin) => {
		const config = await configure(`${version}\n`);
		expect(config).toContain(`[plugins."${plugin}".registry]\n  config_path = "etc/containerd/certs.d"\n`);
		expect(readFileSync("etc/containerd/certs.d/localhost:5001/hosts.toml", "utf8")).toBe(
			'[host."http://kind-registry:5000"]\n',
		);
		expect(restarts()).toHaveLength(1);
	});

	it("that reads it already isn't restarted", async () => {
		const config = 'version = 3\n[plugins."io.containerd.cri.v1.images".registry]\nconfig_path = "x"\n';
		expect(await configure(config)).toBe(config);
		expect(restarts()).toEqual([]);
	});
});
