/**
 * The contract between the lab and the stacks that read its outputs: schema and checks, without Pulumi's engine and without
 * components. requireLab in labOutputs.ts reads by it.
 */
import { z } from "zod";
import { Node, Pod, Service } from "../../kubernetes/model.ts";
import { allowed, type FieldError, fieldErrorLines, fieldErrorsOf } from "../../lib/fieldErrors.ts";
import { UserError } from "../../lib/userError.ts";
import { Summary } from "../../verification/report.ts";

/** The version of the contract. A stack that reads another version stops with an error. */
export const schema = "nodeport-lab/v1";

/**
 * What the stack exports and other stacks read by StackReference. Fields that a later lab adds don't change the version;
 * readers ignore them.
 */
export const LabContract = z.object({
	schema: z.literal(schema),
	clusterName: z.string(),
	/** Secret. Absent if the lab runs on an existing cluster: that kubeconfig stays in the user's file. */
	kubeconfig: z.string().optional(),
	nodes: z.array(Node),
	/** The InternalIP of each node, by node name. */
	nodeIps: z.record(z.string(), z.string()),
	nodePort: z.int(),
	service: Service.omit({ portName: true, sessionAffinity: true }),
	/** The pods as of the last verification. */
	echo: z.object({ name: z.string(), image: z.string(), pods: z.array(Pod) }),
	verification: Summary.omit({ pods: true }),
});
export type LabContract = z.infer<typeof LabContract>;

type Key = keyof LabContract;

/** The type that `requireLab` returns for each output: never undefined. */
export type LabOutput<K extends Key> = NonNullable<LabContract[K]>;

/**
 * Checks that a stack's outputs follow this contract.
 * @param stack its full name
 * @throws UserError if it has no outputs, or outputs of another version
 */
export function checkSchema(stack: string, outputs: { names: string[]; schema: unknown }): void {
	if (outputs.names.length === 0) throw new UserError(notUp(stack));
	if (outputs.schema === schema) return;
	const fix = `use the same version of nodeport-lab in both programs, then ${upAgain(stack)}`;
	const error = { field: "schema", got: outputs.schema, allowed: JSON.stringify(schema), fix };
	throw new UserError(unreadable(stack, [error]));
}

/** @returns the value of one output @throws UserError if it is missing or doesn't follow the contract */
export function checkOutput<K extends Key>(stack: string, key: K, value: unknown): LabOutput<K> {
	if (key === "kubeconfig" && value === undefined) throw new UserError(noKubeconfig(stack));
	const { data, error } = LabContract.shape[key].safeParse(value, { error: allowed });
	if (error === undefined) return data as LabOutput<K>;
	// A value in the place of the kubeconfig may be secret.
	const shown = key === "kubeconfig" ? "another value (secret)" : value;
	const errors = error.issues
		.map((issue) => ({ ...issue, path: [key, ...issue.path] }))
		.flatMap((issue) => fieldErrorsOf(issue, { [key]: shown }))
		.map((error) => ({ ...error, fix: upAgain(stack) }));
	throw new UserError(unreadable(stack, errors));
}

/** The command that brings this stack up. @param stack its full name */
export function upAgain(stack: string): string {
	const name = stack.split("/").at(-1) ?? stack;
	return `${name === "dev" ? "npm start" : `PULUMI_STACK=${name} npm start`}, in the lab's folder`;
}

const notUp = (stack: string): string =>
	`the stack "${stack}" has no outputs: its lab isn't up (destroyed or never started); fix: ${upAgain(stack)}`;

const noKubeconfig = (stack: string): string =>
	`the lab of the stack "${stack}" exports no kubeconfig, because it runs on an existing cluster; ` +
	"fix: pass the path of that cluster's kubeconfig to this program in a setting";

const unreadable = (stack: string, errors: FieldError[]): string =>
	[`the outputs of the stack "${stack}" don't follow the contract ${schema}:`, ...fieldErrorLines(errors)].join("\n");
