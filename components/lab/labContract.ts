/**
 * The contract between the lab and the stacks that read it: its schema, and the checks of what claims to be of it.
 * It needs neither Pulumi's engine nor any of the lab's components. Its reader: requireLab in labOutputs.ts.
 */
import { z } from "zod";
import { Node, Pod, Service } from "../../kubernetes/model.ts";
import { allowed, type FieldError, fieldErrorLines, fieldErrorsOf } from "../../lib/fieldErrors.ts";
import { UserError } from "../../lib/userError.ts";
import { Summary } from "../../verification/report.ts";

/** The version of the contract below: a stack that reads another knows that it must not. */
export const schema = "nodeport-lab/v1";

/**
 * What the stack exports and other stacks read by StackReference. Fields that a later lab adds are no other version:
 * they are left out.
 */
export const LabContract = z.object({
	schema: z.literal(schema),
	clusterName: z.string(),
	/** Secret. Absent where the lab runs on an existing cluster: that kubeconfig is its user's own, and in no stack. */
	kubeconfig: z.string().optional(),
	nodes: z.array(Node),
	/** InternalIP by node name. */
	nodeIps: z.record(z.string(), z.string()),
	nodePort: z.int(),
	service: Service.omit({ portName: true, sessionAffinity: true }),
	/** The pods are those that the verification saw. */
	echo: z.object({ name: z.string(), image: z.string(), pods: z.array(Pod) }),
	verification: Summary.omit({ pods: true }),
});
export type LabContract = z.infer<typeof LabContract>;

type Key = keyof LabContract;

/** What `requireLab` gives for each name: never undefined. */
export type LabOutput<K extends Key> = NonNullable<LabContract[K]>;

/**
 * That outputs are of this contract.
 * @param stack the full name of theirs
 * @throws UserError where there are none, or those of another version
 */
export function checkSchema(stack: string, outputs: { names: string[]; schema: unknown }): void {
	if (outputs.names.length === 0) throw new UserError(notUp(stack));
	if (outputs.schema === schema) return;
	const fix = `use the same version of nodeport-lab here and there, then ${upAgain(stack)}`;
	const fault = { field: "schema", got: outputs.schema, allowed: JSON.stringify(schema), fix };
	throw new UserError(unreadable(stack, [fault]));
}

/** The value of one output. @throws UserError where it is not what the contract says, or not there */
export function checkOutput<K extends Key>(stack: string, key: K, value: unknown): LabOutput<K> {
	if (key === "kubeconfig" && value === undefined) throw new UserError(noKubeconfig(stack));
	const { data, error } = LabContract.shape[key].safeParse(value, { error: allowed });
	if (error === undefined) return data as LabOutput<K>;
	// What should be the kubeconfig is not shown, whatever it is.
	const shown = key === "kubeconfig" ? "something else (secret)" : value;
	const faults = error.issues
		.map((issue) => ({ ...issue, path: [key, ...issue.path] }))
		.flatMap((issue) => fieldErrorsOf(issue, { [key]: shown }))
		.map((fault) => ({ ...fault, fix: upAgain(stack) }));
	throw new UserError(unreadable(stack, faults));
}

/** What brings a stack up that is called so, in full. */
export function upAgain(stack: string): string {
	const name = stack.split("/").at(-1) ?? stack;
	return `${name === "dev" ? "npm start" : `PULUMI_STACK=${name} npm start`}, in the lab's folder`;
}

const notUp = (stack: string): string =>
	`the stack "${stack}" has no outputs: its lab is not up (destroyed, or not yet brought up); fix: ${upAgain(stack)}`;

const noKubeconfig = (stack: string): string =>
	`the lab of the stack "${stack}" exports no kubeconfig: it runs on an existing cluster, whose kubeconfig is its ` +
	"user's own; fix: give that one to this program, by its path in a setting, as it was given to the lab";

const unreadable = (stack: string, faults: FieldError[]): string =>
	[`the outputs of the stack "${stack}" are not those that this program reads:`, ...fieldErrorLines(faults)].join("\n");
