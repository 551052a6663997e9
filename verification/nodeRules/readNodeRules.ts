/** Reads everything that a node's kernel evaluates: the rules of both iptables back ends and of nft. */
import { unreadTables } from "../../netfilter/iptables/walk.ts";
import type { Backend, Family } from "../../netfilter/model.ts";
import { type NftablesRuleset, nameOfFamily, parseNftables } from "../../netfilter/nftables/parse.ts";
import { UnreadableRules } from "../findings.ts";
import type { ReadProblem, RulesGap } from "../nodeProblem.ts";
import { isLegacy, nothingSaved, parseSaved, type Read, type Saved } from "./ruleOutputs.ts";

/** A node's rules of one family, of both iptables back ends. */
export interface FamilyRules {
	family: Family;
	/** The back end of the node's own iptables-save. */
	backend: Exclude<Backend, "nftables">;
	/** What the node's own iptables-save prints. */
	usual: Saved;
	/** What the other back end's prints. */
	other: Saved;
}

export interface NodeRules {
	families: FamilyRules[];
	nft: NftablesRuleset;
	/** Why nft's rules couldn't be read. */
	nftError?: UnreadableRules;
	gaps: RulesGap[];
}

/** The chains that only kube-proxy writes; the kubelet's are KUBE-KUBELET-CANARY, KUBE-FIREWALL and so on. */
export const proxyChain =
	/^:(KUBE-(?:SERVICES|EXTERNAL-SERVICES|NODEPORTS|FORWARD|PROXY-\w+|(?:SVC|SVL|SEP|EXT|FW|XLB)-\w+)) /m;

/**
 * @param read in the pod with the node's own tools
 * @param readNft in a pod that has nft
 * @param families the node's own first
 * @throws UnreadableRules if the node's own iptables-save can't be read for its own family
 */
export async function readNodeRules(read: Read, readNft: Read, families: readonly Family[]): Promise<NodeRules> {
	const results = await Promise.all(families.map((family, index) => readUsual(read, family, index > 0)));
	const usual = results.flatMap(({ saved }) => saved ?? []);
	const unread = results.flatMap(({ gap }) => gap ?? []);
	const isIptables = usual.some(({ text }) => text.includes(":KUBE-SERVICES"));
	const [byFamily, nft] = await Promise.all([
		Promise.all(usual.map((saved) => readOther(read, saved))),
		readNftRules(readNft, isIptables ? usual : undefined),
	]);
	const nftGap: RulesGap[] = nft.error ? [gapOf("nft", "unknown", nft.error.finding.problem)] : [];
	const gaps = byFamily.flatMap(({ gap }) => gap ?? []);
	// Without nft, its tables and those of the unread back end are missing; with it, nft shows those too.
	const missing = gaps.filter(({ source }) => source === "iptables-legacy" || nft.error);
	return {
		families: [...byFamily.map(({ rules }) => rules), ...unread.map(({ family }) => unreadFamily(family))],
		nft: nft.ruleset,
		...(nft.error && { nftError: nft.error }),
		gaps: [...missing, ...nftGap, ...unread],
	};
}

const programs = { ipv4: "iptables", ipv6: "ip6tables" };

const gapOf = (source: RulesGap["source"], present: RulesGap["present"], problem: ReadProblem): RulesGap => ({
	source,
	present,
	problem,
});

/** @param isSecond then a failure makes only the paths of that family unknown */
async function readUsual(
	read: Read,
	family: Family,
	isSecond: boolean,
): Promise<{ saved?: Saved; gap?: RulesGap & { family: Family } }> {
	try {
		const program = [`${programs[family]}-save`, "-c"];
		return { saved: await read(program, (text, warnings) => parseSaved(family, text, warnings)) };
	} catch (error) {
		if (!isSecond) throw error;
		return { gap: { ...gapOf("iptables-nft", "yes", findingOf(error).problem), family } };
	}
}

function unreadFamily(family: Family): FamilyRules {
	const usual = { text: "", tables: unreadTables(family, `the rules of ${programs[family]} weren't read`) };
	return { family, backend: "iptables-nft", usual, other: nothingSaved(family) };
}

const backends: [FamilyRules["backend"], FamilyRules["backend"]] = ["iptables-nft", "iptables-legacy"];

const reversed = <T>([one, other]: [T, T]): [T, T] => [other, one];

/** Legacy tables that exist and can't be read stay in the rules, as tables of which nothing is known. */
async function readOther(read: Read, usual: Saved): Promise<{ rules: FamilyRules; gap?: RulesGap }> {
	const { family, legacyTablesPresent } = usual.tables;
	const [backend, otherBackend] = isLegacy(usual) ? reversed(backends) : backends;
	const suffix = otherBackend.slice("iptables-".length);
	const program = [`${programs[family]}-${suffix}-save`, "-c"];
	try {
		const other = await read(program, (text) => parseSaved(family, text));
		return { rules: { family, backend, usual, other } };
	} catch (error) {
		const { problem } = findingOf(error);
		const nothing = { family, backend, usual, other: nothingSaved(family) };
		if (otherBackend === "iptables-nft")
			return { rules: nothing, gap: { ...gapOf(otherBackend, "unknown", problem), family } };
		// iptables-save of nf_tables would have warned.
		if (!legacyTablesPresent) return { rules: nothing };
		const other = { text: "", tables: unreadTables(family) };
		return { rules: { ...nothing, other }, gap: { ...gapOf(otherBackend, "yes", problem), family } };
	}
}

function findingOf(error: unknown): UnreadableRules["finding"] {
	if (error instanceof UnreadableRules) return error.finding;
	throw error;
}

/**
 * @param saved where iptables keeps many rules, of which nft shows little more than names: then only the other tables are
 * read
 */
async function readNftRules(
	read: Read,
	saved: readonly Saved[] | undefined,
): Promise<{ ruleset: NftablesRuleset; error?: UnreadableRules }> {
	try {
		return { ruleset: saved ? await readTables(read, saved) : await readAll(read) };
	} catch (error) {
		if (error instanceof UnreadableRules) return { ruleset: { tables: [], strangeObjects: [] }, error };
		throw error;
	}
}

const readAll = (read: Read): Promise<NftablesRuleset> => read(["nft", "-j", "list", "ruleset"], parseNftables);

/** nft's tables in their order, oldest first; those of iptables without content. */
async function readTables(read: Read, saved: readonly Saved[]): Promise<NftablesRuleset> {
	const listed = await read(["nft", "-j", "list", "tables"], parseNftables);
	if (listed.tables.some(({ name }) => name === "kube-proxy")) return readAll(read);
	const tables = await Promise.all(
		listed.tables.map(async (table) => {
			const { family, name } = table;
			const isKept = saved.some(({ tables }) => nameOfFamily[tables.family] === family && tables.tables.has(name));
			if (isKept) return { table, strangeObjects: [] };
			const { tables, strangeObjects } = await read(["nft", "-j", "list", "table", family, name], parseNftables);
			const content = tables.find((one) => one.family === family && one.name === name);
			// A table that is removed between two reads has no rules any more.
			return { table: content ?? table, strangeObjects };
		}),
	);
	return {
		tables: tables.map(({ table }) => table),
		strangeObjects: [...listed.strangeObjects, ...tables.flatMap(({ strangeObjects }) => strangeObjects)],
	};
}
