import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { parseLabConfig } from "../../../components/labConfig.ts";
import { readLabConfig } from "../../../components/stackConfig.ts";
import { defaults } from "./defaults.ts";
import { record } from "./recorder.ts";

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
		["sessionAffinity", "clientip", "None or ClientIP"],
		["namespace", "-x", "lower-case letters, digits and inner hyphens"],
		["namespace", "kube-system", "a namespace of the lab's own"],
		["namespace", "kube-public", "a namespace of the lab's own"],
		["namespace", "kube-node-lease", "a namespace of the lab's own"],
		["namespace", "local-path-storage", "a namespace of the lab's own"],
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

	it("names an unknown setting, the ones that there are, and the command that removes it", () => {
		const parse = () => parseLabConfig({ ...defaults, nodeport: "30040" });
		expect(parse).toThrow(/nodeport: got "30040", .*nodePort/);
		expect(parse).toThrow("fix: pulumi config rm 'nodeport'");
	});

	it("tells all faults at once, those of nodes too", () => {
		const raw = { ...defaults, nodePort: "1", colour: "red", echoNodes: ["nodeport-worker9"], clientNode: "elsewhere" };
		const fields = ["nodePort", "colour", "echoNodes\\[0\\]", "clientNode"].map((field) => `${field}: got`);
		expect(() => parseLabConfig(raw)).toThrow(new RegExp(["4 faults", ...fields].join(".*"), "s"));
	});

	it("does not guess at nodes while it is not known how many there are", () => {
		const parse = () => parseLabConfig({ ...defaults, workers: "0", clientNode: "elsewhere" });
		expect(parse).toThrow(/a fault; .*workers: got/s);
	});
});

describe("the stack's configuration", () => {
	const read = (settings: Record<string, string>) => {
		const all = Object.entries({ ...defaults, ...settings }).map(([key, value]) => [`nodeport-lab:${key}`, value]);
		pulumi.runtime.setAllConfig(Object.fromEntries([...all, ["kubernetes:context", "ignored"]]));
		return readLabConfig();
	};

	beforeAll(() => record());

	it("is read as the engine hands it over: lists as JSON, all else as text", () => {
		expect(read({ echoNodes: '["nodeport-worker2"]', workers: "2" })).toMatchObject({
			echoNodes: ["nodeport-worker2"],
			workers: 2,
		});
	});

	it.each(["nodeport-worker", "7", '{"a":"b"}'])("says what a list is where echoNodes is set to %s", (text) => {
		expect(() => read({ echoNodes: text })).toThrow(
			/echoNodes: got .*, allowed: a list of node names; fix: pulumi config set --path 'echoNodes\[0\]' <value>/,
		);
	});
});
