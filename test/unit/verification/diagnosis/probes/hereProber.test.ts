import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { exampleClients } from "../../../../../verification/diagnosis/prediction/predictedClients.ts";
import { hereAs } from "../../../../../verification/diagnosis/probes/hereProber.ts";

const host = "127.0.0.1";

async function send(protocol: "tcp" | "udp", port: number) {
	const sender = await hereAs(exampleClients).sender(protocol);
	return sender?.({ protocol, host, port, payload: "\n" });
}

it("a TCP connection is ok if it is accepted, and refused if nothing listens", async () => {
	const server = createServer().listen(0, host);
	await once(server, "listening");
	const address = server.address();
	const port = typeof address === "object" && address ? address.port : 0;
	expect(await send("tcp", port)).toEqual({ observed: "ok" });
	server.close();
	await once(server, "close");
	expect(await send("tcp", port)).toEqual({ observed: "refused" });
});

describe("a UDP packet", () => {
	async function withServer(isAnswering: boolean) {
		const socket = createSocket("udp4");
		socket.on("message", (message, from) => isAnswering && socket.send(message, from.port, from.address));
		socket.bind(0, host);
		await once(socket, "listening");
		return socket;
	}

	it.each([
		[true, "ok"],
		[false, "silent"],
	])("whose server answers (%j) ends as %s", async (isAnswering, observed) => {
		const server = await withServer(isAnswering);
		expect(await send("udp", server.address().port)).toEqual({ observed });
		server.close();
	});

	it("is refused if the system answers that nothing listens", async () => {
		const server = await withServer(false);
		const { port } = server.address();
		server.close();
		await once(server, "close");
		expect(await send("udp", port)).toEqual({ observed: "refused" });
	});
});
