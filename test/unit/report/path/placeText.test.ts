import { expect, it } from "vitest";
import { type ClientPlace, placedClient } from "../../../../report/path/placeText.ts";

it.each<[string, ClientPlace, string]>([
	["dnsutils", { network: "pod", node: "worker", ip: "10.244.1.2" }, "dnsutils (10.244.1.2 on worker)"],
	["worker", { network: "node", node: "worker", ip: "172.18.0.3" }, "worker (172.18.0.3, a process of the node)"],
	["outside", { network: "outside", ip: "172.18.0.6" }, "outside (172.18.0.6 outside the cluster)"],
	["outside", { network: "outside" }, "outside (unknown address outside the cluster)"],
	["198.51.100.7", { network: "outside", ip: "198.51.100.7" }, "198.51.100.7 (outside the cluster)"],
	["fd00::3", { network: "node", node: "worker", ip: "fd00::3" }, "fd00::3 (a process of the node)"],
])("%s in %j is described once: %s", (name, place, text) => expect(placedClient(name, place)).toBe(text));
