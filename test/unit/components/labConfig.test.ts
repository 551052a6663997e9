import { describe, expect, it } from "vitest";
import { parseLabConfig } from "../../../components/labConfig.ts";
import { defaults } from "./defaults.ts";

describe("a good configuration", () => {
	it("gives the walkthrough's lab by default", () => {
		expect(parseLabConfig(defaults)).toEqual({
			...defaults,
			workers: 3,
			nodePort: 30040,
			replicas: 1,
			echoNodes: ["nodeport-worker"],
			clientNode: "nodeport-worker3",
		});
	});

	it("names the nodes after the cluster", () => {
		const config = parseLabConfig({ ...defaults, clusterName: "other", workers: "1" });
		expect(config).toMatchObject({ echoNodes: ["other-worker"], clientNode: "other-worker" });
	});

	it("leaves the echo to the scheduler where echoNodes is empty", () => {
		expect(parseLabConfig({ ...defaults, echoNodes: [] }).echoNodes).toEqual([]);
	});
});

describe("a bad configuration", () => {
	it.each([
		["clusterName", "No_Good", "lower-case letters, digits and inner hyphens"],
		["clusterName", "a".repeat(50), "at most 49 characters"],
		["workers", "0", "a whole number from 1 to 50"],
		["workers", "51", "a whole number from 1 to 50"],
		["workers", "2.5", "a whole number from 1 to 50"],
		["kubeProxyMode", "ipvs", "iptables or nftables"],
		["nodePort", "29999", "a whole number from 30000 to 32767"],
		["nodePort", "32768", "a whole number from 30000 to 32767"],
		["hostPort", "0", "a whole number from 1 to 65535"],
		["replicas", "0", "a whole number from 1 to 100"],
		["externalTrafficPolicy", "local", "Cluster or Local"],
		["namespace", "-x", "lower-case letters, digits and inner hyphens"],
		["echoNodes", "nodeport-worker", "a list of node names"],
		["clientNode", "nodeport-worker9", "a worker of this cluster: nodeport-worker, nodeport-worker2, nodeport-worker3"],
		["clientNode", "nodeport-control-plane", "a worker of this cluster"],
		["nodeImage", "", "an image reference"],
		["connectivity", "all", "base or full"],
	])("says of %s %j what is allowed: %s", (field, got, allowed) => {
		const parse = () => parseLabConfig({ ...defaults, [field]: got });
		expect(parse).toThrow(`${field}: got ${JSON.stringify(got)}, allowed: ${allowed}`);
		expect(parse).toThrow(`pulumi config set ${field}`);
	});

	it("names a node in a list by its place", () => {
		const parse = () => parseLabConfig({ ...defaults, echoNodes: ["nodeport-worker", "nodeport-worker7"] });
		expect(parse).toThrow(`echoNodes[1]: got "nodeport-worker7"`);
		expect(parse).toThrow("pulumi config set --path 'echoNodes[1]'");
	});

	it("names an unknown setting and the ones that there are", () => {
		expect(() => parseLabConfig({ ...defaults, nodeport: "30040" })).toThrow(/nodeport: got "30040", .*nodePort/);
	});

	it("tells all faults at once", () => {
		const parse = () => parseLabConfig({ ...defaults, workers: "0", nodePort: "1", colour: "red" });
		expect(parse).toThrow(/3 faults.*workers.*nodePort.*colour/s);
	});
});
