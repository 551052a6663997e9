import { describe, expect, it } from "vitest";
import { diagnose } from "../../../../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../../../../verification/diagnosis/readDiagnosis.ts";
import { labObjects, MemorySource } from "../../labObjects.ts";

const worker2 = "nodeport-worker2";

/** Everything leaves through eth0. */
const routes = [
	"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT",
	"eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0",
].join("\n");

/** @param files what the node's kernel shows */
async function diagnosisOf(files: Record<string, string>, on = worker2) {
	const stdout = Object.entries(files)
		.map(([path, content]) => `== ${path}\n${content}\n`)
		.join("");
	const run = (node: string, [program]: string[]) =>
		node === on && program === "sh" ? { code: 0, stdout, stderr: "" } : undefined;
	const source = new MemorySource(labObjects(), { run });
	return diagnose(await readDiagnosis(source, { namespace: "default", name: "nodeport-service" }));
}

describe("kernel settings", () => {
	it("that don't forward packets are a finding, and the prediction knows them", async () => {
		const { findings, predictions } = await diagnosisOf({ "/proc/sys/net/ipv4/ip_forward": "0" });
		expect(findings).toEqual([
			{
				weight: "cause",
				finding: { kind: "sysctl", nodes: [worker2], name: "net.ipv4.ip_forward", value: "0", required: "1" },
			},
		]);
		const outside = predictions.filter(({ client }) => client.kind === "outside");
		expect(outside.map(({ target, ends }) => `${target.node} ${ends[0]?.outcome}`)).toContain(`${worker2} timeout`);
		expect(outside.filter(({ ends }) => ends[0]?.outcome === "ok").length).toBe(3);
	});

	const localnet = (all: string, eth0: string) => ({
		"/proc/net/route": routes,
		"/proc/sys/net/ipv4/conf/all/route_localnet": all,
		"/proc/sys/net/ipv4/conf/eth0/route_localnet": eth0,
	});
	const ofLoopback = ({ predictions }: Awaited<ReturnType<typeof diagnosisOf>>) =>
		predictions
			.filter(({ client }) => client.kind === "loopback" && client.node === worker2)
			.flatMap(({ ends }) => ends.map(({ outcome }) => outcome));

	it("that drop packets from the loopback address are a finding if the prediction says so too", async () => {
		const diagnosis = await diagnosisOf(localnet("0", "0"));
		const setting = { name: "net.ipv4.conf.eth0.route_localnet", value: "0", required: "1" };
		expect(diagnosis.findings).toEqual([
			{ weight: "cause", finding: { kind: "sysctl", nodes: [worker2], ...setting } },
		]);
		expect(ofLoopback(diagnosis)).toEqual(["timeout"]);
	});

	const bridged = (value: string) => ({
		"/proc/net/dev": "lo: 0\neth0: 0\ncni0: 0",
		bridges: "cni0",
		"/proc/net/route": `${routes}\ncni0\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0`,
		"/proc/sys/net/bridge/bridge-nf-call-iptables": value,
	});
	/** Only a pod on the endpoint's node is on its bridge. */
	const toClusterIp = ({ predictions }: Awaited<ReturnType<typeof diagnosisOf>>) =>
		predictions
			.filter(({ target }) => target.kind === "clusterIp")
			.map(({ client, ends }) => `${client.kind} ${ends.map(({ outcome }) => outcome).join()}`);

	it("that hide a bridge's packets are a finding: the replies of pods on it aren't translated back", async () => {
		const diagnosis = await diagnosisOf(bridged("0"), "nodeport-worker");
		const setting = { name: "net.bridge.bridge-nf-call-iptables", value: "0", required: "1" };
		expect(diagnosis.findings).toEqual([
			{ weight: "cause", finding: { kind: "sysctl", nodes: ["nodeport-worker"], ...setting } },
		]);
		expect(toClusterIp(diagnosis)).toEqual([
			"podOnEndpointNode timeout",
			"podOnOtherNode ok",
			"endpoint ok",
			"nodeProcess ok",
		]);
	});

	it("that show a bridge's packets to the rules are no finding", async () => {
		const diagnosis = await diagnosisOf(bridged("1"), "nodeport-worker");
		expect(diagnosis.findings).toEqual([]);
		expect(toClusterIp(diagnosis)).toContain("podOnEndpointNode ok");
	});

	it("of all interfaces don't matter if the interface's own one accepts the packets", async () => {
		const diagnosis = await diagnosisOf(localnet("0", "1"));
		expect(diagnosis.findings).toEqual([]);
		expect(ofLoopback(diagnosis)).not.toContain("timeout");
	});
});
