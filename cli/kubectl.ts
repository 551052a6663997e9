import { run } from "../cluster/programs.ts";
import { type Access, accessOptions } from "../verification/access.ts";

/** Runs kubectl in a namespace of the cluster. @returns what it prints @throws where it fails, in its words */
export const kubectl = (access: Access, namespace: string, ...args: string[]): Promise<string> =>
	run("kubectl", [...accessOptions(access), "--namespace", namespace, ...args]);
