/** Which view of the Service a packet is explained in: its address family and its protocol. */
import { type ClusterSnapshot, type PlacedClient, viewNamed, viewsOf } from "../../kubernetes/snapshot.ts";
import { familyName, protocolName, viewText } from "../../report/views/viewText.ts";
import { familyIn } from "../../verification/journey/destination.ts";

export interface ViewAsked {
	/** --to: the family of an IP address is the packet's family */
	to: string;
	/** --family: for names, which may have addresses of both families. @default the Service's first */
	family?: string | undefined;
	/** --protocol. @default the Service's first */
	protocol?: string | undefined;
}

/** @throws if the Service doesn't have it: what is allowed */
export function viewAsked(snapshot: ClusterSnapshot, { to, family, protocol }: ViewAsked): ClusterSnapshot {
	const views = viewsOf(snapshot);
	const families = [...new Set(views.map((view) => view.family))];
	const protocols = [...new Set(views.map((view) => view.protocol))];
	const literal = familyIn(to);
	if (literal && !families.includes(literal)) {
		const has = families.map(familyName).join(" and ");
		throw new Error(`--to "${to}": must be an ${has} address: the Service has no ${familyName(literal)} address`);
	}
	const named = family === undefined ? literal : among(families, "--family", family);
	if (literal && named !== literal)
		throw new Error(`--family ${named}: ${to} is an ${familyName(literal)} address; leave --family out`);
	return viewNamed(snapshot, {
		family: named ?? snapshot.family,
		protocol: protocol === undefined ? snapshot.protocol : among(protocols, "--protocol", protocol),
	});
}

/** How the lab gets both. */
const settings = { "--family": "ipFamily dual", "--protocol": "protocols both" };

function among<T extends string>(allowed: readonly T[], option: keyof typeof settings, text: string): T {
	const value = allowed.find((one) => one === text.toLowerCase());
	if (value) return value;
	const fix = `source .toolchain/env && pulumi config set ${settings[option]} && npm start`;
	const only = allowed.length > 1 ? "" : `, the Service's only one; to have both: ${fix}`;
	throw new Error(`${option} "${text}": must be ${allowed.join(" or ")}${only}`);
}

/** @param more how to get more clients @throws if there is no such client, or it can't send such packets */
export function clientNamed(
	snapshot: ClusterSnapshot,
	view: ClusterSnapshot,
	name: string,
	more: string,
): PlacedClient {
	const client = view.clients.find((client) => client.name === name);
	if (client) return client;
	const names = view.clients.map(({ name }) => name).join(", ") || "none";
	const views = viewsOf(snapshot);
	if (views.some(({ clients }) => clients.some((client) => client.name === name))) {
		const packets = viewText(view, views) || protocolName(view.protocol);
		throw new Error(`--from "${name}": can't send ${packets}; clients that can: ${names}`);
	}
	throw new Error(`--from "${name}": must be a client of the last verification: ${names}${more}`);
}
