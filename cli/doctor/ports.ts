import { once } from "node:events";
import { createServer } from "node:net";
import { staticNodePorts } from "../../config/nodePorts.ts";
import { docker, type NodeContainer } from "../../kind/docker.ts";
import type { Finding } from "./finding.ts";

/** The configuration has checked the range already. */
export function judgeNodePort(port: number): Finding {
	const subject = "nodePort";
	const { first, last } = staticNodePorts;
	if (port >= first && port <= last) {
		return {
			subject,
			level: "ok",
			found: `${port} is in the static band ${first} to ${last}: no other Service gets it by chance`,
		};
	}
	return {
		subject,
		level: "warning",
		found: `${port} is outside of the static band ${first} to ${last}: the API server may give it to another Service first`,
		// Any of the band would do: the command is to work as it stands.
		fix: `pulumi config set nodePort ${first + 40}`,
	};
}

export interface HostPort {
	port: number;
	/** "taken" by some program, or "free"; "refused" where this user may not try. Absent: an engine elsewhere. */
	here?: "free" | "taken" | "refused";
	/** The containers that publish it. */
	containers: string[];
}

/** @param own the nodes that are this stack's, also those of a cluster that is to be replaced */
export function judgeHostPort({ port, here, containers }: HostPort, own: Pick<NodeContainer, "name">[]): Finding {
	const subject = "hostPort";
	if (containers.some((name) => own.some((node) => node.name === name)))
		return { subject, level: "ok", found: `${port} of 127.0.0.1 leads to this stack's cluster` };
	if (containers.length > 0) return judgeStrangers(port, here, containers);
	if (here === "taken") {
		const found = `${port} of 127.0.0.1 is taken by another program (ss --listening --tcp --processes 'sport = ${port}' names it)`;
		return { subject, level: "stop", found, fix: `end it, or ${choose}` };
	}
	if (here === "refused")
		return { subject, level: "ok", found: `${port} is for root to try; no container publishes it` };
	return { subject, level: "ok", found: `${port} is free` };
}

/** docker tells of a port's containers whatever address they publish it on: only a try tells whether 127.0.0.1 has it. */
function judgeStrangers(port: number, here: HostPort["here"], names: string[]): Finding {
	const subject = "hostPort";
	const found = `the container ${names.join(", ")} publishes ${port}`;
	if (here === "free") return { subject, level: "ok", found: `${port} of 127.0.0.1 is free; ${found} elsewhere` };
	const level = here === "refused" ? "warning" : "stop";
	const doubt = here === "refused" ? "; whether on 127.0.0.1 is for root to try" : "";
	return { subject, level, found: `${found}${doubt}`, fix: `docker stop ${names.join(" ")}, or ${choose}` };
}

const choose = "publish none (pulumi config rm hostPort), or another";

/** @param state whether there is an engine to ask, and whether it publishes on this machine */
export async function lookAtHostPort(
	port: number,
	{ engine, here }: { engine: boolean; here: boolean },
): Promise<HostPort> {
	const ask = ["ps", "--filter", `publish=${port}`, "--format", "{{.Names}}"];
	const [said, tried] = await Promise.all([engine ? docker(...ask) : "", here ? tryPort(port) : undefined]);
	return { port, containers: said.split("\n").filter(Boolean), ...(tried && { here: tried }) };
}

async function tryPort(port: number): Promise<"free" | "taken" | "refused"> {
	const server = createServer();
	try {
		await once(server.listen(port, "127.0.0.1"), "listening");
		return "free";
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "EADDRINUSE") return "taken";
		if (code === "EACCES") return "refused";
		throw error;
	} finally {
		server.close();
	}
}
