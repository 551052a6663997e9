/** The table that a trace adds to a node's kernel is removed with its process, even if that is killed. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Packet } from "../../netfilter/model.ts";
import { tablePrefix, traceTable } from "../../verification/trace/capture.ts";
import { Machine } from "./machine/machine.ts";

let machine: Machine;
beforeAll(async () => {
	machine = await Machine.start();
});
afterAll(async () => {
	await machine.remove();
});

const packet: Packet = {
	family: "ipv4",
	protocol: "tcp",
	source: "10.0.0.1",
	sourcePort: 20_014,
	destination: "10.0.0.2",
	destinationPort: 30_040,
	mark: 0,
	ctstate: "NEW",
};
const table = `${tablePrefix}20014`;

/** Starts an nft that owns the table, lists the tables, ends that nft, and lists them again. */
const script = (end: string): string => `
	cat >/tmp/definition
	rm -f /tmp/commands
	mkfifo /tmp/commands
	nft --interactive </tmp/commands >/dev/null 2>&1 &
	exec 3>/tmp/commands
	cat /tmp/definition >&3
	for try in $(seq 100); do nft list tables | grep -q ${table} && break; sleep 0.05; done
	nft list tables
	echo ==
	${end}
	wait $! || true
	nft list tables`;

it.each([
	["is killed", "kill -KILL $!"],
	["loses its input, as where the connection breaks", "exec 3>&-"],
])("its table is removed when the process %s", async (_, end) => {
	const listed = await machine.run(script(end), `${traceTable("ip", table, packet)}\n`);
	const [during, afterwards] = listed.split("==");
	expect(during).toContain(`table ip ${table}`);
	expect(afterwards).not.toContain(tablePrefix);
});
