/** What is wrong with what a user asks for, in words: the option, its value, what is allowed. */
import type { RequestProblem } from "../../verification/diagnosis/requestProblem.ts";
import { destinationForms } from "../../verification/journey/destination.ts";
import { familyName } from "../views/viewText.ts";

export const clientForms = "<pod>, <namespace>/<pod>, <node> or <IP address>";

export function requestProblemText(problem: RequestProblem): string {
	switch (problem.kind) {
		case "serviceName":
			return `"${problem.value}" must be <namespace>/<service>, such as shop/frontend`;
		case "address":
			return `${problem.option} "${problem.value}": must be an IP address`;
		case "destination": {
			const forms = problem.isDump ? "<IP address>:<port>" : destinationForms;
			return `--to "${problem.value}": must be ${forms}, with a port from 1 to 65535`;
		}
		case "severalPorts": {
			const ports = problem.ports.map(
				({ port, protocol, nodePort }) => `${port}/${protocol} (nodePort ${nodePort ?? "none"})`,
			);
			return `--to "${problem.value}": the Service has several ports, so name one: <host>:<port>; ports: ${ports.join(", ")}`;
		}
		case "clientNotFound":
			return `--from "${problem.value}" not found: must be ${clientForms}; nodes: ${problem.nodes.join(", ")}`;
		case "clientUnreadable":
			return `--from ${problem.value}: the pod can't be read: ${problem.message}`;
		case "clientNotRunning":
			return `--from "${problem.value}": the pod has no node or no ${familyName(problem.family)} address yet`;
		case "entryNode":
			return `--through "${problem.value}": must be a node: ${problem.nodes.join(", ")}`;
		case "incompleteDump":
			return `${problem.path} isn't the whole output of iptables-save: ${problem.why}`;
		case "unparsedDump":
			return `${problem.path} can't be parsed: ${problem.why}`;
		case "noDump":
			return `--rules has no rules for ${familyName(problem.family)}: pass the output of ${problem.family === "ipv4" ? "iptables-save" : "ip6tables-save"} or of nft -j list ruleset`;
		case "secondDump":
			return `${problem.path}: --rules has rules of ${problem.of} twice; pass one file for each family and back end`;
	}
}
