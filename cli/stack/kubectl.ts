import { type Access, accessOptions } from "../../kubernetes/kubeAccess.ts";
import { run } from "../../lib/subprocess.ts";

/** Runs kubectl in a namespace of the cluster. @returns what it prints @throws where it fails, in its words */
export const kubectl = (access: Access, namespace: string, ...args: string[]): Promise<string> =>
	run("kubectl", [...accessOptions(access), "--namespace", namespace, ...args]);

/**
 * Reads of one object what a template of JSONPath names.
 * @param what the object, as kubectl takes it
 * @returns "" where there is no such object, or nothing there
 */
export const readFields = (access: Access, namespace: string, template: string, ...what: string[]): Promise<string> =>
	kubectl(access, namespace, "get", ...what, "--ignore-not-found", `--output=jsonpath=${template}`);
