/** What the Docker engine says about itself. It is asked through the docker command, which knows the user's contexts. */
import { ExecaError, execa } from "execa";
import { systemPath } from "../path.ts";

export interface Engine {
	version: string;
	/** The runtime of containers that name none. */
	defaultRuntime: string;
	/** Registry mirrors or a proxy: with either, images may be reached that this machine cannot reach itself. */
	hasOwnWayOut: boolean;
}

export type Answer =
	| { engine: Engine }
	/** The docker command is there, the engine does not answer. */
	| { silent: string }
	/** There is no docker command. */
	| { noCommand: true };

interface Info {
	ServerVersion?: string;
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

// Older clients exit 0 without an engine and name the fault in ServerErrors.
export function readInfo(info: Info): Answer {
	if (!info.ServerVersion) return { silent: info.ServerErrors?.join("; ") ?? "it told no version" };
	return {
		engine: {
			version: info.ServerVersion,
			defaultRuntime: info.DefaultRuntime ?? "runc",
			hasOwnWayOut: Boolean(info.HttpsProxy) || (info.RegistryConfig?.Mirrors?.length ?? 0) > 0,
		},
	};
}
