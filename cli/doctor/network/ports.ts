import { once } from "node:events";
import { createServer } from "node:net";
import { staticNodePorts } from "../../../config/nodePorts.ts";
import { docker, type NodeContainer } from "../../../kind/docker.ts";
import type { Finding } from "../finding.ts";

/** The configuration has checked the range already. */
export function judgeNodePort(port: number): Finding {
	const subject = "nodePort";
	const { first, last } = staticNodePorts;
	const band = `the static band ${first} to ${last}`;
	if (port >= first && port <= last) {
		return { subject, level: "ok", found: `${port} is in ${band}: it can't be auto-assigned to another Service` };
	}
	const found = `${port} is outside ${band}: the API server may auto-assign it to another Service`;
	return { subject, level: "warning", found, fix: `pulumi config set nodePort ${first + 40}` };
}

export interface HostPort {
	port: number;
	/** "refused": this user may not bind it. Absent: the engine is on another machine. */
	here?: "free" | "taken" | "refused";
	/** The containers that publish it. */
	containers: string[];
}

/** @param own this stack's nodes, also those of a cluster that is going to be replaced */
export function judgeHostPort({ port, here, containers }: HostPort, own: Pick<NodeContainer, "name">[]): Finding {
	const subject = "hostPort";
	if (containers.some((name) => own.some((node) => node.name === name)))
		return { subject, level: "ok", found: `127.0.0.1:${port} is published by this stack's cluster` };
	if (containers.length > 0) return judgeForeign(port, here, containers);
	if (here === "taken") {
		const found = `another program uses 127.0.0.1:${port} (ss --listening --tcp --processes 'sport = ${port}' names it)`;
		return { subject, level: "stop", found, fix: `end it, or ${choose}` };
	}
	if (here === "refused")
		return { subject, level: "ok", found: `only root can check ${port}; no container publishes it` };
	return { subject, level: "ok", found: `${port} is free` };
}

/** docker lists a port's containers for any address: only binding it shows whether 127.0.0.1 is free. */
function judgeForeign(port: number, here: HostPort["here"], names: string[]): Finding {
	const subject = "hostPort";
	const found = `the container ${names.join(", ")} publishes ${port}`;
	if (here === "free") return { subject, level: "ok", found: `127.0.0.1:${port} is free; ${found} on another address` };
	const level = here === "refused" ? "warning" : "stop";
	const doubt = here === "refused" ? "; only root can check whether 127.0.0.1 is free" : "";
	return { subject, level, found: `${found}${doubt}`, fix: `docker stop ${names.join(" ")}, or ${choose}` };
}

const choose = "don't publish the NodePort (pulumi config rm hostPort), or choose another port";

/** @param engine it can be queried; `here`: it publishes on this machine */
export async function readHostPort(
	port: number,
	{ engine, here }: { engine: boolean; here: boolean },
): Promise<HostPort> {
	const list = ["ps", "--filter", `publish=${port}`, "--format", "{{.Names}}"];
	const [names, state] = await Promise.all([engine ? docker(...list) : "", here ? bindPort(port) : undefined]);
	return { port, containers: names.split("\n").filter(Boolean), ...(state && { here: state }) };
}

async function bindPort(port: number): Promise<"free" | "taken" | "refused"> {
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
