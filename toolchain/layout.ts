/** Where set-up keeps things: links and small files in the project, what was downloaded or built in the cache. */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

export const project = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

const folder = join(project, ".toolchain");

export const layout = {
	folder,
	/** Links to the tools; first on PATH. */
	bin: join(folder, "bin"),
	/** A Pulumi home of the project's own, used where the user's lacks a plugin. */
	pulumiHome: join(folder, "pulumi"),
	/** The Pulumi home of the tests: with the official Kubernetes provider. `npm test` writes it. */
	testPulumiHome: join(folder, "pulumi-for-tests"),
	environment: join(folder, "env"),
	logs: join(folder, "logs"),
	/** What docker's builder writes about itself. */
	buildx: join(folder, "buildx"),
	/** What kubectl remembers of clusters. */
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

/**
 * What set-up, as root, adds to the machine itself: the engine's runtime, log and record. It outlives clones and caches,
 * as running containers do.
 */
export const machineState: string = "/var/lib/nodeport-lab";
