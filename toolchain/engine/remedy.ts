/** What set-up does, or asks the user to do, if no Docker engine answers. */
import { existsSync } from "node:fs";
import { execa } from "execa";
import { isDebian } from "../machine/debianPackages.ts";
import { findPrograms, systemPath } from "../path.ts";
import { SetupError } from "../setupError.ts";
import type { Answer } from "./readEngine.ts";

export interface Machine {
	linux: boolean;
	root: boolean;
	debian: boolean;
	/** systemd is running as init. */
	systemd: boolean;
	/** The engine's program, dockerd, is installed. */
	dockerd: boolean;
	/** The docker command is installed. */
	docker: boolean;
	/** The user has chosen another engine: DOCKER_HOST, or the endpoint of a context. */
	chosen?: string;
}

export interface Remedy {
	/** Debian's docker.io must be installed first. */
	install: boolean;
	start: "systemctl" | "dockerd";
}

const defaultEndpoint = "unix:///var/run/docker.sock";

export async function inspectMachine(answer: Answer): Promise<Machine> {
	const chosen = "noCommand" in answer ? undefined : await engineEndpoint();
	return {
		linux: process.platform === "linux",
		root: process.getuid?.() === 0,
		debian: isDebian(),
		// sd_booted(3)
		systemd: existsSync("/run/systemd/system"),
		dockerd: findPrograms("dockerd").length > 0,
		docker: !("noCommand" in answer),
		...(chosen !== undefined && chosen !== defaultEndpoint && { chosen }),
	};
}

/** Where the docker command connects to. */
export async function engineEndpoint(): Promise<string> {
	if (process.env.DOCKER_HOST) return process.env.DOCKER_HOST;
	const format = "{{.Endpoints.docker.Host}}";
	const options = { reject: false, env: { PATH: systemPath() } } as const;
	const { stdout, failed } = await execa("docker", ["context", "inspect", "--format", format], options);
	return failed ? defaultEndpoint : stdout.trim();
}

/**
 * @param reason the docker command's error
 * @throws SetupError if only the user can fix it
 */
export function decideRemedy(machine: Machine, reason: string): Remedy {
	if (machine.chosen) {
		throw new SetupError(
			`the Docker engine at ${machine.chosen} doesn't answer (${reason})`,
			"start it, or unset DOCKER_HOST and choose another context (docker context use default)",
		);
	}
	if (!machine.linux)
		throw new SetupError(`the Docker engine doesn't answer (${reason})`, "start Docker Desktop, or install it");
	if (/permission denied/i.test(reason)) {
		const command = 'sudo usermod --append --groups docker "$USER"';
		throw new SetupError(
			`this user isn't allowed to use the Docker engine (${reason})`,
			`run \`${command}\` and log in again`,
		);
	}
	const start = machine.systemd ? "systemctl" : "dockerd";
	const install = !machine.dockerd || !machine.docker;
	if (!install) {
		if (machine.root) return { install, start };
		const command = machine.systemd ? "sudo systemctl start docker" : "sudo dockerd";
		throw new SetupError(`the Docker engine isn't running (${reason})`, `run \`${command}\``);
	}
	if (machine.root && machine.debian) return { install, start };
	throw new SetupError(
		"Docker isn't installed",
		machine.debian
			? "run `sudo apt-get install docker.io`"
			: "install Docker (https://docs.docker.com/engine/install/) or Debian's docker.io",
	);
}
