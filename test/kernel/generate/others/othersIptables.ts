/** Rules of iptables with the shapes of Docker, ufw, Calico, the VPC CNI and a service mesh, at random. */
import type { Family } from "../../../../netfilter/model.ts";
import { addresses } from "../../machine/network.ts";
import type { Draw } from "../draw.ts";
import type { Chains } from "../iptablesTable.ts";

/** Ports that packets are sent to (probes.ts). */
export const sentPorts = [80, 8080, 30_040, 30_041, 53, 443];

/** Rules of iptables by table; chains that start with a policy are base chains. */
export type Tables = Record<"raw" | "mangle" | "nat" | "filter", Chains>;

export const emptyTables = (): Tables => ({
	raw: { PREROUTING: [], OUTPUT: [] },
	mangle: { PREROUTING: [], INPUT: [], FORWARD: [], OUTPUT: [], POSTROUTING: [] },
	nat: { PREROUTING: [], INPUT: [], OUTPUT: [], POSTROUTING: [] },
	filter: { INPUT: [], FORWARD: [], OUTPUT: [] },
});

/** Adds the rules of some of these programs. */
export function addOthers(draw: Draw, family: Family, tables: Tables): void {
	for (const add of draw.some(programs, 1, 3)) add(draw, family, tables);
}

type Program = (draw: Draw, family: Family, tables: Tables) => void;

const append = (chains: Chains, chain: string, ...rules: string[]) => {
	chains[chain] = [...(chains[chain] ?? []), ...rules];
};

const docker: Program = (draw, family, { raw, nat, filter }) => {
	const { podCidr, localPods, loopbackCidr } = addresses[family];
	const container = draw.pick(localPods);
	const port = draw.pick(sentPorts);
	const bracketed = family === "ipv6" ? `[${container}]` : container;
	const bridge = draw.pick(["docker0", "veth0"]);
	append(nat, "DOCKER", `! -i ${bridge} -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${bracketed}:8080`);
	append(nat, "PREROUTING", "-m addrtype --dst-type LOCAL -j DOCKER");
	append(nat, "OUTPUT", `! -d ${loopbackCidr} -m addrtype --dst-type LOCAL -j DOCKER`);
	append(nat, "POSTROUTING", `-s ${container} ! -o ${bridge} -j MASQUERADE`);
	append(
		filter,
		"DOCKER-USER",
		draw.pick(["-j RETURN", `-s ${podCidr} -j RETURN`, "-i eth0 -p tcp -m tcp --dport 8080 -j DROP"]),
	);
	append(
		filter,
		"DOCKER",
		`-d ${container} ! -i ${bridge} -o ${bridge} -p tcp -m tcp --dport 8080 -j ACCEPT`,
		`! -i ${bridge} -o ${bridge} -j DROP`,
	);
	append(
		filter,
		"FORWARD",
		"-j DOCKER-USER",
		`-o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
		`-o ${bridge} -j DOCKER`,
		`-i ${bridge} ! -o ${bridge} -j ACCEPT`,
	);
	if (draw.chance(0.5)) append(raw, "PREROUTING", `-d ${container} ! -i ${bridge} -j DROP`);
};

const ufw: Program = (draw, family, { filter }) => {
	const { nodeCidr } = addresses[family];
	const icmp = family === "ipv4" ? "-p icmp -m icmp --icmp-type 8" : "-p ipv6-icmp -m icmp6 --icmpv6-type 128";
	append(filter, "UFW-LOG", '-m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "');
	append(
		filter,
		"UFW-INPUT",
		"-i lo -j ACCEPT",
		"-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		"-m conntrack --ctstate INVALID -j UFW-LOG",
		...(draw.chance(0.5) ? ["-m conntrack --ctstate INVALID -j DROP"] : []),
		`${icmp} -j ACCEPT`,
		`-p tcp -m tcp --dport ${draw.pick(sentPorts)} -j ACCEPT`,
		`-s ${nodeCidr} -j ${draw.pick(["ACCEPT", "RETURN", "UFW-LOG"])}`,
		"-m addrtype --dst-type MULTICAST -j RETURN",
		"-j UFW-LOG",
		draw.pick(["-j DROP", "-j REJECT", "-m limit --limit 3/min --limit-burst 10 -j RETURN"]),
	);
	append(filter, "INPUT", "-j UFW-INPUT");
	if (draw.chance(0.3)) append(filter, "FORWARD", `${icmp} -j DROP`, "-j UFW-LOG");
};

const calico: Program = (draw, family, { raw, mangle, filter }) => {
	const { localPodCidr } = addresses[family];
	const pods = draw.pick(["cali+", "veth+", "veth0"]);
	append(
		raw,
		"cali-PREROUTING",
		"-j MARK --set-xmark 0x0/0xf0000",
		`-i ${pods} -j MARK --set-xmark 0x40000/0x40000`,
		`-m mark --mark 0x40000/0x40000 -m rpfilter --validmark --invert -j ${draw.pick(["DROP", "RETURN"])}`,
		"-m mark --mark 0x10000/0x10000 -j ACCEPT",
	);
	append(raw, "PREROUTING", "-j cali-PREROUTING");
	append(
		mangle,
		"PREROUTING",
		"-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		"-m mark --mark 0x10000/0x10000 -j ACCEPT",
	);
	append(
		filter,
		"cali-FORWARD",
		"-j MARK --set-xmark 0x0/0xe0000",
		`-i ${pods} -j MARK --set-xmark 0x20000/0x20000`,
		`-o ${pods} -d ${localPodCidr} -j MARK --set-xmark 0x10000/0x10000`,
		`-m mark --mark 0x20000/0x30000 -j ${draw.pick(["DROP", "RETURN", "REJECT"])}`,
	);
	append(filter, "FORWARD", "-j cali-FORWARD", "-m mark --mark 0x10000/0x10000 -j ACCEPT");
};

const vpc: Program = (draw, family, { mangle, nat }) => {
	const { podCidr, node } = addresses[family];
	const limited = draw.pick(["--limit-iface-in", ""]);
	append(
		mangle,
		"PREROUTING",
		`-i eth0 -m addrtype --dst-type LOCAL ${limited} -j CONNMARK --set-xmark 0x80/0x80`.replace(/ {2,}/g, " "),
		"-i veth+ -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80",
		`-m connmark ${draw.pick(["", "! "])}--mark 0x80/0x80 -j MARK --set-xmark 0x100/0x100`,
	);
	append(
		nat,
		"AWS-SNAT",
		`-d ${podCidr} -j RETURN`,
		`! -o lo -m addrtype ! --dst-type LOCAL -j SNAT --to-source ${node}${draw.pick(["", " --random-fully"])}`,
	);
	append(nat, "POSTROUTING", "-j AWS-SNAT");
};

/** What reroutes to the node itself, and the matches that ask for the connection. */
const redirects: Program = (draw, family, { nat, filter }) => {
	const { node, outside, localPods } = addresses[family];
	const port = draw.pick(sentPorts);
	const target = draw.pick(["REDIRECT --to-ports 15001", "REDIRECT", `DNAT --to-destination ${localPods[0]}`]);
	append(nat, draw.pick(["PREROUTING", "OUTPUT"]), `-p tcp -m tcp --dport ${port} -j ${target}`);
	const chain = draw.pick(["INPUT", "FORWARD"]);
	append(
		filter,
		chain,
		draw.pick([
			`-m conntrack --ctorigdst ${node} -j DROP`,
			`-m conntrack ! --ctorigdst ${node} -j RETURN`,
			`-m conntrack --ctorigsrc ${outside[0]} -j DROP`,
			`-p tcp -m conntrack --ctorigdstport ${port} -j DROP`,
			"-p udp -m conntrack --ctorigsrcport 1:20010 -j REJECT",
			`-m conntrack --ctreplsrc ${localPods[0]} -j DROP`,
			`-m conntrack ! --ctrepldst ${outside[0]} --ctproto 17 -j DROP`,
			`-p udp -m conntrack --ctreplsrcport ${port} -j DROP`,
			`-m conntrack --ctstate NEW,INVALID --ctproto ${draw.pick([6, 17])} -j RETURN`,
			`-m conntrack ${draw.pick(["", "! "])}--ctstatus ${draw.pick(["CONFIRMED", "SEEN_REPLY,ASSURED", "EXPECTED", "NONE"])} -j DROP`,
			"-m helper --helper ftp -j DROP",
			"-m pkttype --pkt-type unicast -m statistic --mode nth --every 1 --packet 0 -j REJECT",
			"-m conntrack --ctdir REPLY -j DROP",
			"-m conntrack --ctstatus SEEN_REPLY -j DROP",
			`-m ${chain === "INPUT" ? "socket" : "physdev --physdev-is-in"} -j DROP`,
			"-m physdev --physdev-is-bridged -j DROP",
			"-m pkttype --pkt-type broadcast -j DROP",
			"-m addrtype ! --dst-type UNICAST -j DROP",
			`-m addrtype --dst-type ${family === "ipv4" ? "BROADCAST,LOCAL" : "UNICAST,LOCAL"} -j RETURN`,
		]),
	);
};

/** What the kernel chooses among several by a hash of the packet: rules about all of them still decide. */
export function addChoices(draw: Draw, family: Family, { mangle, nat, filter }: Tables): void {
	const { localPods, podCidr, localPodCidr, node } = addresses[family];
	const [first = "", , last = ""] = localPods;
	const bracketed = (text: string) => (family === "ipv6" ? `[${text}]` : text);
	const port = draw.pick(sentPorts);
	const protocol = draw.pick(["tcp", "udp"]);
	const target = draw.pick([
		`DNAT --to-destination ${bracketed(`${first}-${last}`)}:8080`,
		`DNAT --to-destination ${first}-${last} --persistent`,
		`DNAT --to-destination ${bracketed(first)}:8080-8082`,
		"REDIRECT --to-ports 15001-15003",
	]);
	append(nat, "PREROUTING", `-p ${protocol} -m ${protocol} --dport ${port} -j ${target}`);
	append(
		nat,
		"POSTROUTING",
		`-d ${podCidr} -o eth0 -j SNAT --to-source ${node}-${next(node)}${draw.pick(["", " --persistent"])}`,
	);
	append(
		filter,
		draw.pick(["FORWARD", "INPUT"]),
		draw.pick([`-d ${localPodCidr} -j DROP`, "-j REJECT", `-s ${podCidr} -j ACCEPT`]),
	);
	append(
		mangle,
		"PREROUTING",
		"-j HMARK --hmark-tuple src,dst --hmark-mod 4 --hmark-rnd 0x1",
		"-j MARK --set-xmark 0x0/0xffffff00",
	);
	append(mangle, "FORWARD", `-m mark --mark ${draw.pick(["0x0/0x4000", "0x1/0xff", "0x4000/0x4000"])} -j ACCEPT`);
}

/** The next address: the last digit of those in this network isn't 9 or f. */
const next = (address: string): string => address.replace(/.$/, (digit) => String(Number(digit) + 1));

const programs: Program[] = [docker, ufw, calico, vpc, redirects];
