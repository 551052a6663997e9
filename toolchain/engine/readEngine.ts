/** Information about the Docker engine, read with the docker command, which knows the user's contexts. */
import { hostname, release } from "node:os";
import { ExecaError, execa } from "execa";
import { systemPath } from "../path.ts";

export interface Engine {
	version: string;
	/** The runtime of containers that don't name one. */
	defaultRuntime: string;
	/** It has registry mirrors or a proxy, so it may reach images that this machine can't reach. */
	hasMirrorOrProxy: boolean;
	/** It runs on this machine: not on another one, in a virtual machine, or outside the container that runs this. */
	here: boolean;
	/** The version of its kernel, as uname(1) prints it. */
	kernel: string;
	cgroupVersion: 1 | 2;
	/** It runs as an ordinary user. */
	rootless: boolean;
	/** It can limit memory, processes and CPU. A rootless engine needs systemd's delegation for that. */
	limitsResources: boolean;
	/** Docker Desktop, which runs the engine in a virtual machine. */
	desktop: boolean;
	/** The networks that Docker divides into subnets; empty if it uses its defaults. */
	addressPools: { base: string; size: number }[];
	/** The folder of its images and containers, on its machine. */
	dataFolder: string;
	/** The total memory of its machine, in bytes. */
	memory: number;
}

export type Answer =
	| { engine: Engine }
	/** The docker command exists, but the engine doesn't answer. */
	| { silent: string }
	/** The docker command isn't installed. */
	| { noCommand: true };

interface Info {
	ServerVersion?: string;
	Name?: string;
	KernelVersion?: string;
	/** Absent from engines older than 20.10, which only support version 1. */
	CgroupVersion?: string;
	CgroupDriver?: string;
	MemoryLimit?: boolean;
	PidsLimit?: boolean;
	CPUShares?: boolean;
	SecurityOptions?: string[] | null;
	OperatingSystem?: string;
	DefaultAddressPools?: { Base: string; Size: number }[] | null;
	DockerRootDir?: string;
	MemTotal?: number;
	DefaultRuntime?: string;
	HttpsProxy?: string;
	RegistryConfig?: { Mirrors?: string[] | null };
	ServerErrors?: string[];
}

export async function askEngine(): Promise<Answer> {
	const options = { timeout: 20_000, env: { PATH: systemPath() } };
	try {
		const { stdout } = await execa("docker", ["info", "--format", "{{json .}}"], options);
		return readInfo(JSON.parse(stdout) as Info);
	} catch (error) {
		if (!(error instanceof ExecaError)) throw error;
		if (error.code === "ENOENT") return { noCommand: true };
		return { silent: String(error.stderr ?? "").trim() || error.shortMessage };
	}
}

/** Why it doesn't answer, from the docker command. */
export const whySilent = (answer: Exclude<Answer, { engine: Engine }>): string =>
	"silent" in answer ? answer.silent : "the docker command isn't installed";

// Without an engine, older clients exit with 0 and report the error in ServerErrors.
export function readInfo(info: Info): Answer {
	if (!info.ServerVersion) return { silent: info.ServerErrors?.join("; ") ?? "it reported no version" };
	return {
		engine: {
			version: info.ServerVersion,
			defaultRuntime: info.DefaultRuntime ?? "runc",
			hasMirrorOrProxy: Boolean(info.HttpsProxy) || (info.RegistryConfig?.Mirrors?.length ?? 0) > 0,
			here: process.platform === "linux" && info.Name === hostname() && info.KernelVersion === release(),
			kernel: info.KernelVersion ?? "",
			cgroupVersion: info.CgroupVersion === "2" ? 2 : 1,
			rootless: info.SecurityOptions?.includes("name=rootless") ?? false,
			// With the driver "none", the other three have no meaning: https://github.com/moby/moby/issues/42151
			limitsResources:
				info.CgroupDriver !== "none" && [info.MemoryLimit, info.PidsLimit, info.CPUShares].every(Boolean),
			desktop: info.OperatingSystem === "Docker Desktop",
			addressPools: (info.DefaultAddressPools ?? []).map(({ Base, Size }) => ({ base: Base, size: Size })),
			dataFolder: info.DockerRootDir ?? "/var/lib/docker",
			memory: info.MemTotal ?? 0,
		},
	};
}
