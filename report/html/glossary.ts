/** The words that a reader may not know: the page explains them at its end, and where they are pointed at or focused. */
import { type Markup, markup } from "./markup.ts";

/** Spelled as in the texts of the page. */
const meanings = {
	NodePort: "A type of Service. kube-proxy opens the same port, 30000 to 32767 by default, on every node.",
	nodePort: "The port number that a NodePort Service has on every node.",
	Service: "A stable name and address for a group of pods, which its selector finds by their labels.",
	ClusterIP: "The Service's address inside the cluster. No interface has it: only rules know it.",
	endpoint: "The address and port of one pod that is ready to serve the Service.",
	"kube-proxy":
		"Runs on every node, and writes the kernel rules that make Services work. Packets don't pass through it.",
	"entry node": "The node whose address the client calls. It doesn't need to run a pod of the Service.",
	externalTrafficPolicy:
		"Cluster: a node sends a request from outside to any endpoint, and rewrites its source. Local: only to its own endpoints, without rewriting the source; without an endpoint it drops the request.",
	sessionAffinity: "ClientIP: each node sends a client's connections to the same endpoint. None: to any.",
	DNAT: "Destination NAT: a rule rewrites the packet's destination, here from the nodePort to a pod.",
	SNAT: "Source NAT: a rule rewrites the packet's source to a fixed address.",
	masquerade:
		"Source NAT to an address of the node itself: that of the interface through which the packet leaves. Towards a pod of its own, that is the node's address in the pod network. The receiver sees the node, and its replies come back through the node.",
	conntrack:
		"Connection tracking: the kernel remembers each connection with its rewrites. It reverses them in replies, and repeats them for later packets without evaluating the NAT rules again.",
	mark: "A number that the kernel attaches to a packet while it is on the node. kube-proxy marks packets with 0x4000 to have their source rewritten later.",
	table: "A group of chains for one purpose. nat: rewrites; filter: accepts or drops.",
	chain: "A list of rules that are evaluated in order. A rule can jump to another chain, which returns at its end.",
	hook: "A place in the kernel's network stack where rules are evaluated: PREROUTING on arrival, FORWARD or INPUT after routing, OUTPUT for the node's own packets, POSTROUTING on the way out.",
	rule: "Conditions and an action: a packet that meets all conditions jumps to another chain, or is rewritten, accepted, dropped or rejected.",
	hairpin: "A packet that comes back to the pod or node that sent it.",
	"pod network": "The pods' address ranges, one per node. Outside it, pods appear with their node's address.",
} as const;

type Term = keyof typeof meanings;

const idOf = (term: string): string => `term-${term.replaceAll(" ", "-")}`;

const isTerm = (text: string): text is Term => Object.hasOwn(meanings, text);

/** Just the text if the glossary doesn't explain it. */
export const glossaryLink = (text: string): Markup =>
	isTerm(text) ? markup`<a class="term" href="#${idOf(text)}">${text}</a>` : markup`${text}`;

const plural = "(?:s|es)?";
const anyTerm = new RegExp(
	`(?<![\\w.-])(${Object.keys(meanings)
		.toSorted((one, other) => other.length - one.length)
		.join("|")})(?=${plural}(?![\\w-]))`,
	"g",
);

/** The text with a link from the first occurrence of each term to its explanation. */
export function withTerms(text: string): Markup {
	const linked = new Set<string>();
	return markup`${text.split(anyTerm).map((part) => {
		if (!isTerm(part) || linked.has(part)) return part;
		linked.add(part);
		return glossaryLink(part);
	})}`;
}

export const glossary = (): Markup => markup`<section id="glossary"><h2>Glossary</h2>
<dl>${Object.entries(meanings).map(
	([term, meaning]) => markup`<div id="${idOf(term)}"><dt>${term}</dt><dd>${meaning}</dd></div>
`,
)}</dl></section>`;
