import { expect, it } from "vitest";
import { judgeAddressPools } from "../../../../../cli/doctor/network/addressPools.ts";
import type { Network } from "../../../../../cli/doctor/network/networks.ts";
import { engine } from "../sampleEngine.ts";

const docker = (name: string, subnet: string): Network => ({ name: `Docker network ${name}`, subnet });
const vpn = (subnet: string, routed?: true): Network => ({
	name: "route through tun0",
	subnet,
	...(routed && { routed }),
});
const bridge = docker("bridge", "172.17.0.0/16");
const full = Array.from({ length: 14 }, (_, index) => docker(`n${index}`, `172.${18 + index}.0.0/16`));
const small = { ...engine, addressPools: [{ base: "10.9.0.0/23", size: 24 }] };

it.each([
	["the first default pool is free", [bridge], engine, "ok", "172.18.0.0/16 is free"],
	["the last default pool is free", [bridge, ...full], engine, "ok", "192.168.0.0/20 is free"],
	["Docker avoids an interface's network", [bridge, vpn("172.18.0.0/15")], engine, "ok", "172.20.0.0/16 is free"],
	[
		"Docker would choose a network behind a VPN",
		[bridge, vpn("172.16.0.0/12", true)],
		engine,
		"warning",
		"choose 172.18.0.0/16 for kind's network, which overlaps route through tun0 (172.16.0.0/12)",
	],
	[
		"a VPN and Docker's networks use all pools",
		[bridge, ...full, vpn("192.168.0.0/16")],
		engine,
		"stop",
		"route through tun0 (192.168.0.0/16) use all of its address pools",
	],
	["configured pools: one is free", [docker("a", "10.9.0.0/24")], small, "ok", "10.9.1.0/24 is free"],
	[
		"configured pools: all are used",
		[docker("a", "10.9.0.0/24"), docker("b", "10.9.1.0/24")],
		small,
		"stop",
		"Docker network a (10.9.0.0/24), Docker network b (10.9.1.0/24) use all",
	],
] as const)("%s", (_, networks, state, level, found) => {
	const [finding] = judgeAddressPools([...networks], state);
	expect(finding).toMatchObject({ subject: "address pools", level, found: expect.stringContaining(found) });
	if (level === "ok") expect(finding?.fix).toBeUndefined();
	else expect(finding?.fix).toContain('"default-address-pools": [{"base": "10.201.0.0/16", "size": 24}]');
});

it("isn't needed once kind's network exists", () => {
	expect(judgeAddressPools([docker("kind", "172.18.0.0/16")], engine)).toEqual([]);
});

it("the fix depends on the engine, and its pool on the networks", () => {
	const used = [docker("a", "10.9.0.0/23"), vpn("10.201.4.0/24", true)];
	const fix = (state = small) => judgeAddressPools(used, state)[0]?.fix;
	expect(fix()).toMatch(/"base": "10\.211\.0\.0\/16".*\/etc\/docker\/daemon\.json.*restart/);
	expect(fix({ ...small, rootless: true })).toMatch(/\.config\/docker\/daemon\.json.*systemctl --user restart docker$/);
	expect(fix({ ...small, desktop: true })).toContain("Settings > Docker Engine");
});

it("suggests to remove unused networks if Docker's own use all pools", () => {
	const networks = [docker("a", "10.9.0.0/24"), docker("b", "10.9.1.0/24")];
	expect(judgeAddressPools(networks, small)[0]?.fix).toMatch(/^docker network prune, or /);
	expect(judgeAddressPools([vpn("10.9.0.0/23")], small)[0]?.fix).not.toContain("prune");
});
