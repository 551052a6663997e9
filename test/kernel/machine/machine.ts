/** A container of the node image with network namespaces of its own: the machine's own rules are never touched. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { isRunning } from "../../../lib/process.ts";
import { nodeCommands } from "./network.ts";
import { type Arrival, decode, encode, type Probe } from "./packets.ts";

const image = "nodeport-lab/node:1.36";
const namePrefix = "nodeport-lab-kernel-test-";
const folder = "/kernel-test";

/** Empties every legacy table that exists; the kernel keeps a table once it was used. */
const flushLegacy = ["iptables", "ip6tables"]
	.map(
		(tool) =>
			`${tool}-legacy-save | sed 's/^:\\(\\S*\\) DROP/:\\1 ACCEPT/; /^-A/d; /^:\\S* -/d' | ${tool}-legacy-restore;`,
	)
	.join(" ");

/** What became of a batch of packets. */
export interface Observation {
	/** As the tool's monitor prints it. */
	trace: string;
	arrivals: Arrival[];
}

export class Machine {
	private readonly name: string;
	private readonly container: ReturnType<typeof running>;

	private constructor(name: string) {
		this.name = name;
		this.container = running(name);
	}

	/** A fresh one; what a killed run may have left is removed first. */
	static async start(): Promise<Machine> {
		await removeLeftovers();
		const machine = new Machine(`${namePrefix}${process.pid}`);
		try {
			await machine.begin();
		} catch (error) {
			await machine.remove();
			throw error;
		}
		return machine;
	}

	async remove(): Promise<void> {
		this.container.stdin.end();
		await this.container;
	}

	/**
	 * Runs a script by sh in the node's namespace.
	 * @returns what it prints
	 * @throws at its first command that fails, such as one that loads rules that the kernel refuses
	 */
	async run(script: string, input = ""): Promise<string> {
		return this.execute(["ip", "netns", "exec", "node", "sh", "-ec", script], input);
	}

	/** The same as run, once all of the node's rules are removed and its connections forgotten. */
	async load(script: string, text: string): Promise<string> {
		return this.run(`nft flush ruleset; ${flushLegacy} conntrack --flush 2>/dev/null; ${script}`, text);
	}

	/** @param monitor the command that prints traces */
	async probe(monitor: readonly string[], probes: readonly Probe[]): Promise<Observation> {
		const input = probes.map(encode).join("");
		const output = await this.execute([`${folder}/probe.sh`, ...monitor], input);
		const [trace = "", seen = ""] = output.split(/^==$/m);
		const lines = seen.split("\n").filter((line) => line !== "");
		return { trace, arrivals: lines.flatMap((line) => decode(line) ?? []) };
	}

	private async begin(): Promise<void> {
		// `cat` says it back as soon as the container runs; where it cannot run, the process ends instead.
		this.container.stdin.write("ready\n");
		await Promise.race([
			once(this.container.stdout, "data"),
			this.container.then(({ message }) => Promise.reject(new Error(message))),
		]);
		await this.execute(["mkdir", folder]);
		for (const file of ["namespaces.sh", "probe.sh", "probeHost.pl"]) {
			const content = readFileSync(fileURLToPath(new URL(file, import.meta.url)), "utf8");
			await this.execute(["sh", "-c", `cat >"$0" && chmod +x "$0"`, `${folder}/${file}`], content);
		}
		await this.execute([`${folder}/namespaces.sh`]);
		await this.execute(["ip", "-4", "-netns", "node", "-batch", "-"], nodeCommands("ipv4"));
		await this.execute(["ip", "-6", "-netns", "node", "-batch", "-"], nodeCommands("ipv6"));
	}

	private async execute(command: readonly string[], input = ""): Promise<string> {
		const { stdout } = await execa("docker", ["exec", "--interactive", this.name, ...command], {
			input,
			timeout: 60_000,
		});
		return stdout;
	}
}

/** `cat` ends with its input, so the container ends with this process, however that ends, and docker removes it. */
const running = (name: string) =>
	execa(
		"docker",
		["run", "--interactive", "--rm", "--privileged", "--network", "none", "--name", name, "--entrypoint", "cat", image],
		{ stdin: "pipe", buffer: false, reject: false },
	);

/** Containers of tests whose process is gone, where the engine itself did not live to remove them. */
async function removeLeftovers(): Promise<void> {
	const format = ["--filter", `name=${namePrefix}`, "--format", "{{.Names}}"];
	const { stdout } = await execa("docker", ["ps", "--all", ...format]);
	const dead = stdout
		.split("\n")
		.filter((name) => name.startsWith(namePrefix) && !isRunning(Number(name.slice(namePrefix.length))));
	if (dead.length > 0) await execa("docker", ["rm", "--force", ...dead]);
}
