import { describe, expect, it } from "vitest";
import { entryPacket } from "../../../../verification/journey/nodeNetwork.ts";
import { dnsutils, sampleView } from "../sampleSnapshot.ts";

const node = (name: string) => {
	const found = sampleView().nodes.find((node) => node.name === name);
	if (!found) throw new Error(`no node ${name}`);
	return found;
};

describe("the packet as it enters a node's rules", () => {
	it("comes from the pod itself on the pod's own node", () => {
		expect(entryPacket(sampleView(), dnsutils, node("nodeport-worker3"))).toMatchObject({
			source: "10.244.5.2",
			destination: "172.18.0.5",
			destinationPort: 30040,
		});
	});

	it("comes from the pod's node on every other node: the CNI has rewritten its source", () => {
		expect(entryPacket(sampleView(), dnsutils, node("nodeport-worker"))).toMatchObject({ source: "172.18.0.5" });
	});
});
