/** What the Docker engine says about itself. It is asked through the docker command, which knows the user's contexts. */
import { hostname, release } from "node:os";
import { ExecaError, execa } from "execa";
import { systemPath } from "../path.ts";

export interface Engine {
	version: string;
	/** The runtime of containers that name none. */
	defaultRuntime: string;
	/** Registry mirrors or a proxy: with either, images may be reached that this machine cannot reach itself. */
	hasOwnWayOut: boolean;
	/** It runs on this machine itself: not on another, nor in a virtual machine, nor outside of the container we are in. */
	here: boolean;
	/** Of the kernel that it runs on, as uname(1) prints it. */
	kernel: string;
	cgroupVersion: 1 | 2;
	/** It runs as an ordinary user. */
	rootless: boolean;
	/** It may limit memory, processes and CPU: a rootless engine needs systemd's delegation for that. */
	limitsResources: boolean;
	/** Docker Desktop, which runs the engine in a virtual machine. */
	desktop: boolean;
	/** The networks that Docker divides into subnets of its own; empty: its defaults. */
	addressPools: { base: string; size: number }[];
	/** Where it keeps images and containers, as it sees it. */
	dataFolder: string;
	/** All that its machine has, in bytes. */
	memory: number;
}

export type Answer =
	| { engine: Engine }
	/** The docker command is there, the engine does not answer. */
	| { silent: string }
	/** There is no docker command. */
	| { noCommand: true };

interface Info {
	ServerVersion?: string;
	Name?: string;
	KernelVersion?: string;
	/** Absent from engines older than 20.10, which know version 1 only. */
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

/** Why it does not answer, in the docker command's words. */
export const whySilent = (answer: Exclude<Answer, { engine: Engine }>): string =>
	"silent" in answer ? answer.silent : "there is no docker command";

// Older clients exit 0 without an engine and name the fault in ServerErrors.
export function readInfo(info: Info): Answer {
	if (!info.ServerVersion) return { silent: info.ServerErrors?.join("; ") ?? "it told no version" };
	return {
		engine: {
			version: info.ServerVersion,
			defaultRuntime: info.DefaultRuntime ?? "runc",
			hasOwnWayOut: Boolean(info.HttpsProxy) || (info.RegistryConfig?.Mirrors?.length ?? 0) > 0,
			here: process.platform === "linux" && info.Name === hostname() && info.KernelVersion === release(),
			kernel: info.KernelVersion ?? "",
			cgroupVersion: info.CgroupVersion === "2" ? 2 : 1,
			rootless: info.SecurityOptions?.includes("name=rootless") ?? false,
			// With the driver "none" the three others mean nothing: https://github.com/moby/moby/issues/42151
			limitsResources:
				info.CgroupDriver !== "none" && [info.MemoryLimit, info.PidsLimit, info.CPUShares].every(Boolean),
			desktop: info.OperatingSystem === "Docker Desktop",
			addressPools: (info.DefaultAddressPools ?? []).map(({ Base, Size }) => ({ base: Base, size: Size })),
			dataFolder: info.DockerRootDir ?? "/var/lib/docker",
			memory: info.MemTotal ?? 0,
		},
	};
}
