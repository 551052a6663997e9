/** Where set-up writes: links and small files in the project, downloads and builds in the cache. */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

export const project = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

const folder = join(project, ".toolchain");

export const layout = {
	folder,
	/** Links to the tools, first on PATH. */
	bin: join(folder, "bin"),
	/** The project's own Pulumi home, used if the user's lacks a plugin. */
	pulumiHome: join(folder, "pulumi"),
	/** The Pulumi home of the tests: with the official Kubernetes provider. `npm test` writes it. */
	testPulumiHome: join(folder, "pulumi-for-tests"),
	environment: join(folder, "env"),
	logs: join(folder, "logs"),
	/** The configuration of docker's builder. */
	buildx: join(folder, "buildx"),
	/** kubectl's cache. */
	kubeCache: join(folder, "kube-cache"),
	/** Pulumi's backend (Pulumi.yaml). */
	state: join(project, ".state"),
	/** Of the lab's default cluster. */
	kubeconfig: join(project, ".kube", "nodeport.yaml"),
} as const;

/** The machine's cache, shared by all clones: https://specifications.freedesktop.org/basedir-spec/latest/ */
export function cacheRoot(environment: NodeJS.ProcessEnv = process.env): string {
	const base = environment.XDG_CACHE_HOME;
	return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "nodeport-lab");
}

/** What set-up adds to the machine as root: the engine's runtime, log and record. Running containers need it. */
export const machineState: string = "/var/lib/nodeport-lab";
