/** The owner of a rule in words, and how it lets packets pass. */
import { isPolicyEngine, type RuleOwner } from "../../../verification/diagnosis/findings/rules/ruleOwner.ts";

export function ownerName(owner: RuleOwner): string {
	if (owner === "unknown") return "an unknown owner (not Kubernetes)";
	if (owner === "kernel" || owner === "kubelet") return `the ${owner}`;
	return isPolicyEngine(owner) ? `${owner} (network policy engine)` : owner;
}

const fixes: Record<string, (port: string) => string> = {
	firewalld: (port) => `on the node: firewall-cmd --permanent --add-port=${port} && firewall-cmd --reload`,
	ufw: (port) => `on the node: ufw allow ${port}, or ufw route allow for forwarded packets`,
	fail2ban: () => "on the node: fail2ban-client status, then fail2ban-client set <jail> unbanip <address>",
	Docker: () => "on the node: accept the packets in chain DOCKER-USER; Docker keeps the rules in it",
	"hostPort (CNI portmap)": () => "use another nodePort, or remove the pod's hostPort",
	flannel: () => "start flanneld without --ip-masq, or exclude the Service's clients from it",
};

/** @param port the port on the node, as firewalls write it: "30080/tcp" */
export function ownerFix(owner: RuleOwner, port: string): string {
	if (isPolicyEngine(owner))
		return "check whether a NetworkPolicy for the pods or the node is meant to forbid these packets";
	return fixes[owner]?.(port) ?? "find the program that wrote the rule, and make it accept these packets";
}
