/** The ports of the Docker host that a cluster's containers publish: two of them can't listen on the same one. */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { FieldError } from "../../lib/fieldErrors.ts";
import type { KindNode, Networking } from "./kindApi.ts";

interface Binding {
	field: string;
	port: number;
	protocol: string;
	address: string;
}

const Publish = z.object({ hostPort: z.int(), protocols: z.array(z.string()).default(["TCP"]) });
const Registry = z.object({ port: z.int() });

const loopback = "127.0.0.1";

export function bindingErrors(
	args: { publish?: unknown; registry?: unknown },
	nodes: KindNode[],
	networking: Networking,
): FieldError[] {
	const all = bindingsOf(args, nodes, networking);
	return all.flatMap((binding, i) => {
		const other = all.slice(0, i).find((earlier) => clash(earlier, binding));
		if (!other) return [];
		const allowed = `a port that ${other.field} doesn't already use on ${other.address}`;
		return [{ field: binding.field, got: binding.port, allowed, fix: `choose another ${binding.field}` }];
	});
}

function bindingsOf(
	{ publish, registry }: { publish?: unknown; registry?: unknown },
	nodes: KindNode[],
	{ ipFamily = "ipv4", apiServerAddress, apiServerPort }: Networking,
): Binding[] {
	const tcp = { protocol: "TCP", address: loopback };
	const { hostPort = 0, protocols = [] } = Publish.safeParse(publish).data ?? {};
	const { port: registryPort = 0 } = Registry.safeParse(registry).data ?? {};
	const api = apiServerAddress ?? (ipFamily === "ipv6" ? "::1" : loopback);
	const mapped = nodes.flatMap(({ extraPortMappings = [] }, i) =>
		extraPortMappings.map(({ hostPort: port = 0, protocol = "TCP", listenAddress }, j) => ({
			field: `nodes[${i}].extraPortMappings[${j}].hostPort`,
			port,
			protocol,
			address: listenAddress ?? (ipFamily === "ipv6" ? "::" : "0.0.0.0"),
		})),
	);
	const bindings = [
		{ field: "networking.apiServerPort", port: apiServerPort ?? 0, protocol: "TCP", address: api },
		...protocols.map((protocol) => ({ field: "publish.hostPort", port: hostPort, protocol, address: loopback })),
		{ field: "registry.port", port: registryPort, ...tcp },
		...mapped,
	];
	return bindings.filter(({ port }) => port > 0); // Otherwise kind or the engine chooses a free one.
}

const clash = (a: Binding, b: Binding): boolean =>
	a.port === b.port && a.protocol === b.protocol && (isAny(a) || isAny(b) || canonical(a) === canonical(b));

/** kind treats 0.0.0.0 and :: as equal too: validatePortMappings in pkg/internal/apis/config/validate.go. */
const isAny = ({ address }: Binding): boolean => ["0.0.0.0", "::"].includes(canonical({ address }));

const canonical = ({ address }: { address: string }): string => ipaddr.parse(address).toString();
