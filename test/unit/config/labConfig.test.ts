import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { readLabConfig } from "../../../components/lab/stackConfig.ts";
import { parseLabConfig } from "../../../config/labConfig.ts";
import { UserError } from "../../../lib/userError.ts";
import { defaults } from "../components/defaults.ts";
import { record } from "../components/recorder.ts";

describe("a valid configuration", () => {
	it("describes the walkthrough's lab by default", () => {
		expect(parseLabConfig(defaults)).toEqual({
			...defaults,
			workers: 3,
			nodePort: 30040,
			replicas: 1,
			sampleSeed: 1,
			namespace: "default",
			echoNodes: ["nodeport-worker"],
			clientNode: "nodeport-worker3",
		});
	});

	it("names the nodes after the cluster", () => {
		const config = parseLabConfig({ ...defaults, clusterName: "other", workers: "1" });
		expect(config).toMatchObject({ echoNodes: ["other-worker"], clientNode: "other-worker" });
	});

	it.each([
		["clusterName", "1-lab"],
		["clusterName", "a".repeat(49)],
		["namespace", "7"],
		["workers", "50"],
		["echoImage", "echo"],
		["echoImage", "localhost/a__b/c-d:V_1.0"],
		["echoImage", "Registry.example:5000/team/echo:1"],
		["nodeImage", `kindest/node:v1.36.4@sha256:${"0a".repeat(32)}`],
	])("allows %s %s", (field, value) => {
		expect(() => parseLabConfig({ ...defaults, [field]: value })).not.toThrow();
	});

	it("leaves the echo to the scheduler if echoNodes is empty", () => {
		expect(parseLabConfig({ ...defaults, echoNodes: [] }).echoNodes).toEqual([]);
	});
});

describe("an invalid configuration", () => {
	const label = (most: number) => `1 to ${most} lower-case letters, digits and inner hyphens`;
	const ofLab = "a namespace of the lab's own";
	const workers = "a worker of this cluster: nodeport-worker, nodeport-worker2, nodeport-worker3";
	const image = "an image reference such as nodeport-lab/echo:0.1.0";

	const fixOf: Record<string, RegExp> = {
		hostPort: /; fix: pulumi config rm hostPort\n/,
		namespace: /; fix: pulumi config rm namespace\n/,
		clientNode: /; fix: pulumi config set clientNode nodeport-worker3\n/,
		kubeProxyMode: /; fix: pulumi config set kubeProxyMode iptables\n/,
		externalTrafficPolicy: /; fix: pulumi config set externalTrafficPolicy (Local|Cluster)\n/,
		connectivity: /; fix: pulumi config set connectivity (base|full)\n/,
		ipFamily: /; fix: pulumi config set ipFamily (ipv4|ipv6)\n/,
		protocols: /; fix: pulumi config set protocols (TCP|UDP|both)\n/,
		sessionAffinity: /; fix: pulumi config set sessionAffinity (None|ClientIP)\n/,
	};

	it.each([
		["clusterName", label(49), ["", "No_Good", "a.b", "a-", "-a", "a b", "é", "a\n", "a".repeat(50), "A".repeat(50)]],
		["workers", "a whole number from 1 to 50", ["0", "51", "-1", "2.5", "abc", "", "true", "3 workers", "NaN"]],
		// JavaScript reads these as numbers.
		["workers", "a whole number from 1 to 50", ["1e1", " 3", "3 ", "+3", "03", "0x10", "3.0", "３", "1_0", "Infinity"]],
		["workers", "a whole number from 1 to 50", ['{"a":1}', "[3]", "9".repeat(400)]],
		["kubeProxyMode", "iptables or nftables", ["ipvs", "IPTables", "", "iptables "]],
		["ipFamily", "ipv4 or ipv6 or dual", ["IPv4", "ipv5", "both", ""]],
		["protocols", "TCP or UDP or both", ["tcp", "SCTP", "TCP,UDP", ""]],
		["nodePort", "a whole number from 30000 to 32767", ["29999", "32768", "80", "30040.0", "0x7558", ""]],
		["hostPort", "a whole number from 1 to 65535", ["0", "65536", "80.5", ""]],
		["replicas", "a whole number from 1 to 100", ["0", "101"]],
		["externalTrafficPolicy", "Cluster or Local", ["local", ""]],
		["sessionAffinity", "None or ClientIP", ["clientip", ""]],
		["namespace", label(63), ["", "-x", "x-", "X", "a.b", "a".repeat(64)]],
		["namespace", ofLab, ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"]],
		["clientNode", workers, ["nodeport-worker9", "nodeport-control-plane", "worker", ""]],
		[
			"nodeImage",
			image,
			["", "UPPER", "a b", " a", "a\n", "-a", "_a", "a:", "a:b:c", "a//b", "a/", "/a", "a".repeat(256)],
		],
		["echoImage", image, ["No/upper", "http://registry.example/a", "a:-tag", `a:${"t".repeat(129)}`]],
		["dnsutilsImage", image, ["a@sha256:12", `a@sha256:${"F".repeat(64)}`, `a@md5:${"0".repeat(32)}`, "a@", "a@b"]],
		["connectivity", "base or full", ["all", ""]],
	])("reports that %s must be %s", (field, allowed, values) => {
		for (const got of values) {
			const parse = () => parseLabConfig({ ...defaults, [field]: got });
			expect(parse).toThrow(/has an error;/);
			expect(parse).toThrow(`\n  ${field}: got ${JSON.stringify(got).slice(0, 60)}`);
			expect(parse).toThrow(`, allowed: ${allowed}`);
			expect(parse).toThrow(fixOf[field] ?? `; fix: pulumi config set ${field} ${defaults[field]}\n`);
		}
	});

	it("reports every missing setting", () => {
		const parse = () => parseLabConfig({});
		expect(parse).toThrow(`${Object.keys(defaults).length} errors`);
		expect(parse).not.toThrow(/Invalid/);
	});

	it("names a node in a list by its index", () => {
		const parse = () => parseLabConfig({ ...defaults, echoNodes: ["nodeport-worker", "nodeport-worker7"] });
		expect(parse).toThrow(`echoNodes[1]: got "nodeport-worker7"`);
		expect(parse).toThrow("pulumi config set --path 'echoNodes[1]' nodeport-worker2");
	});

	it.each([
		[
			"not text",
			["nodeport-worker", 7],
			"echoNodes[1]: got 7, allowed: a node's name; fix: pulumi config rm echoNodes",
		],
		["empty", [""], `echoNodes[0]: got "", allowed: ${workers}`],
		["the control plane", ["nodeport-control-plane"], `got "nodeport-control-plane", allowed: ${workers}`],
		[
			"named twice",
			["nodeport-worker2", "nodeport-worker2"],
			`echoNodes[1]: got "nodeport-worker2", allowed: each node once; this repeats echoNodes[0]; ` +
				"fix: pulumi config rm --path 'echoNodes[1]'",
		],
	])("refuses a node in a list that is %s", (_, echoNodes, message) => {
		expect(() => parseLabConfig({ ...defaults, echoNodes })).toThrow(message);
	});

	it("reports an unknown node next to a value that isn't text", () => {
		const parse = () => parseLabConfig({ ...defaults, echoNodes: [true, "elsewhere"], clientNode: "nowhere" });
		expect(parse).toThrow(/3 errors.*echoNodes\[0\]: got true.*echoNodes\[1\]: got "elsewhere".*clientNode/s);
	});

	it("reports an unknown setting, the known ones, the most similar one, and the command that removes it", () => {
		const parse = () => parseLabConfig({ ...defaults, nodeport: "30040" });
		expect(parse).toThrow(
			/nodeport: got "30040", allowed: one of these settings: .*nodePort.* \(did you mean nodePort\?\)/,
		);
		expect(() => parseLabConfig({ ...defaults, colour: "red" })).toThrow(
			/colour: got "red", allowed: one of these settings: [^(]*; fix/,
		);
		expect(parse).toThrow("fix: pulumi config rm 'nodeport'");
		const hyphened = () => parseLabConfig({ ...defaults, "node-port": "30040" });
		expect(hyphened).toThrow(/node-port: got "30040", .*fix: pulumi config rm 'node-port'/);
	});

	it("lists repeated nodes from the last to the first, because each removal moves the entries behind it", () => {
		const [first, second] = ["nodeport-worker", "nodeport-worker2"];
		const parse = () => parseLabConfig({ ...defaults, echoNodes: [first, first, second, second] });
		expect(parse).toThrow(/rm --path 'echoNodes\[3\]'.*rm --path 'echoNodes\[1\]'/s);
	});

	it("reports all errors together, including those of nodes", () => {
		const raw = { ...defaults, nodePort: "1", colour: "red", echoNodes: ["nodeport-worker9"], clientNode: "elsewhere" };
		const fields = ["nodePort", "colour", "echoNodes\\[0\\]", "clientNode"].map((field) => `${field}: got`);
		expect(() => parseLabConfig(raw)).toThrow(new RegExp(["4 errors", ...fields].join(".*"), "s"));
		expect(() => parseLabConfig(raw)).toThrow(UserError);
	});

	it("refuses a published port that no pod would answer on", () => {
		const parse = () => parseLabConfig({ ...defaults, hostPort: "8080", externalTrafficPolicy: "Local" });
		expect(parse).toThrow(
			/an error;.*hostPort: got "8080", .*Cluster: the control plane has no echo pod.*; fix: pulumi config rm hostPort/s,
		);
		expect(parseLabConfig({ ...defaults, hostPort: "8080" })).toMatchObject({ hostPort: 8080 });
	});

	it("refuses a published port that leads to an IPv4 address if the cluster has only IPv6", () => {
		const parse = (ipFamily: string) => parseLabConfig({ ...defaults, hostPort: "8080", ipFamily });
		expect(() => parse("ipv6")).toThrow(/hostPort: got "8080", .*ipv4 or dual: .*; fix: pulumi config rm hostPort/);
		expect(parse("dual")).toMatchObject({ hostPort: 8080, ipFamily: "dual" });
	});

	it("suggests the allowed word that is most similar", () => {
		const parse = () => parseLabConfig({ ...defaults, externalTrafficPolicy: "local", kubeProxyMode: "nftable" });
		expect(parse).toThrow(/set kubeProxyMode nftables\n.*set externalTrafficPolicy Local\n/s);
	});

	it("is valid once all fixes are pasted", () => {
		const echoNodes = ["nodeport-worker9", "nodeport-worker3", "nodeport-control-plane"];
		const bad = {
			workers: "3",
			replicas: "0",
			hostPort: "0",
			namespace: "kube-system",
			connectivity: "Full",
			colour: "red",
		};
		const settings: Record<string, unknown> = { ...defaults, ...bad, clientNode: "elsewhere", echoNodes };
		const { message } = (() => {
			try {
				return expect.fail(`${parseLabConfig(settings)} has no error`);
			} catch (error) {
				return error as Error;
			}
		})();
		const fixes = [
			...message.matchAll(/; fix: pulumi config (set|rm) (?:--path )?'?(\w+)(?:\[(\d+)\])?'?(?: (.+))?$/gm),
		];
		expect(fixes).toHaveLength(8);
		for (const [, verb, field = "", place, value] of fixes) {
			if (place !== undefined) echoNodes[Number(place)] = value ?? expect.fail("the fix sets a value");
			else if (verb === "set") settings[field] = value;
			else delete settings[field];
		}
		expect(parseLabConfig(settings)).toMatchObject({
			echoNodes: ["nodeport-worker", "nodeport-worker3", "nodeport-worker2"],
			connectivity: "full",
		});
	});

	it("doesn't check node names as long as the number of workers is invalid", () => {
		const parse = () => parseLabConfig({ ...defaults, workers: "0", clientNode: "elsewhere" });
		expect(parse).toThrow(/an error; .*workers: got/s);
	});
});

describe("a configuration for an existing cluster", () => {
	const existing = { ...defaults, cluster: "existing", kubeconfig: "/home/me/.kube/config", context: "prod" };

	it("puts the lab into its own namespace, and leaves the nodes open", () => {
		const config = parseLabConfig(existing);
		expect(config).toMatchObject({ cluster: "existing", namespace: "nodeport-lab", context: "prod", sampleSeed: 1 });
		expect(config.echoNodes).toBeUndefined();
		expect(parseLabConfig({ ...existing, namespace: "mine", clientNode: "any-node" })).toMatchObject({
			namespace: "mine",
			clientNode: "any-node",
		});
	});

	it("reports all settings that only a kind cluster has, and all missing ones, together", () => {
		const raw = {
			...defaults,
			cluster: "existing",
			workers: "1",
			hostPort: "8080",
			clusterName: "x",
			namespace: "default",
		};
		const parse = () =>
			parseLabConfig({ ...raw, kubeProxyMode: "nftables", nodeImage: "other/node:1", nodePort: "80" });
		const fields = [
			"nodePort",
			"kubeconfig",
			"context",
			"namespace",
			"clusterName",
			"workers",
			"kubeProxyMode",
			"hostPort",
			"nodeImage",
		];
		expect(parse).toThrow(new RegExp(["9 errors", ...fields.map((field) => `${field}: got`)].join(".*"), "s"));
		expect(parse).toThrow(
			"kubeconfig: got nothing, allowed: the path of the existing cluster's kubeconfig; fix: pulumi config set kubeconfig <path>",
		);
		expect(parse).toThrow(
			'workers: got "1", allowed: only with cluster kind: it shapes a cluster that the lab creates; fix: pulumi config rm workers',
		);
	});

	it.each(["default", "kube-system", "kube-mine"])("refuses the namespace %s", (namespace) => {
		expect(() => parseLabConfig({ ...existing, namespace })).toThrow(/namespace: got .*; fix: pulumi config/);
	});

	it.each(["", "a\nb"])("refuses %j as the path of a kubeconfig", (kubeconfig) => {
		expect(() => parseLabConfig({ ...existing, kubeconfig })).toThrow("allowed: the path of a kubeconfig");
	});

	it("is the only one that takes a kubeconfig and a context", () => {
		const parse = () => parseLabConfig({ ...defaults, kubeconfig: "/home/me/.kube/config", context: "prod" });
		expect(parse).toThrow(/2 errors.*kubeconfig: got .*fix: pulumi config rm kubeconfig.*context: got "prod"/s);
	});
});

describe("the stack's configuration", () => {
	const read = (settings: Record<string, string>) => {
		const all = Object.entries({ ...defaults, ...settings }).map(([key, value]) => [`nodeport-lab:${key}`, value]);
		pulumi.runtime.setAllConfig(Object.fromEntries([...all, ["kubernetes:context", "ignored"]]));
		return readLabConfig();
	};

	beforeAll(() => record());

	it("is read as Pulumi passes it: lists as JSON, everything else as text", () => {
		expect(read({ echoNodes: '["nodeport-worker2"]', workers: "2" })).toMatchObject({
			echoNodes: ["nodeport-worker2"],
			workers: 2,
		});
	});

	it.each(["nodeport-worker", "7", '{"a":"b"}'])("reports that echoNodes must be a list if it is %s", (text) => {
		expect(() => read({ echoNodes: text })).toThrow(
			/echoNodes: got .*, allowed: a list of node names; fix: pulumi config rm echoNodes/,
		);
	});
});

it("the message ends with how to get the commands of the fixes", () => {
	expect(() => parseLabConfig({ ...defaults, nodePort: "80" })).toThrow(
		/; fix: pulumi config set .*\n.*source \.toolchain\/env$/,
	);
});
