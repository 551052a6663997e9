/** Errors in arguments of a KindCluster that depend on each other. Values of the wrong shape are reported elsewhere. */
import { existsSync } from "node:fs";
import { z } from "zod";
import type { FieldError } from "../../lib/fieldErrors.ts";
import { shellText } from "../../lib/shell.ts";
import { subnetErrors } from "./clusterSubnets.ts";
import { bindingErrors } from "./hostBindings.ts";
import { KindNode, Networking } from "./kindApi.ts";

type Args = Record<string, unknown>;

/** What kindConfig contains instead. */
const configured = [
	"nodes",
	"workers",
	"networking",
	"featureGates",
	"runtimeConfig",
	"kubeadmConfigPatches",
	"kubeadmConfigPatchesJSON6902",
	"containerdConfigPatches",
	"containerdConfigPatchesJSON6902",
];

export function relationErrors(args: Args): FieldError[] {
	const nodes = valid(z.array(KindNode), args.nodes) ?? [];
	const networking = valid(Networking, args.networking) ?? {};
	return [
		...configuredTwice(args),
		...roleErrors(args),
		...nodes.flatMap(repetitions),
		...subnetErrors(networking),
		...bindingErrors(args, nodes, networking),
		...readinessErrors(args, networking),
		...archiveErrors(args),
	];
}

export const valid = <T>(schema: z.ZodType<T>, value: unknown): T | undefined => schema.safeParse(value).data;

function configuredTwice(args: Args): FieldError[] {
	if (args.kindConfig === undefined) return [];
	const allowed = "nothing next to kindConfig, which replaces it";
	return configured
		.filter((field) => args[field] !== undefined)
		.map((field) => ({ field, got: args[field], allowed, fix: `move ${field} into kindConfig, or remove kindConfig` }));
}

function roleErrors({ nodes, workers }: Args): FieldError[] {
	if (!Array.isArray(nodes)) return [];
	const errors: FieldError[] = [];
	if (workers !== undefined) {
		const fix = 'remove workers, and add { role: "worker" } to nodes for each';
		errors.push({ field: "workers", got: workers, allowed: "nothing next to nodes, which lists the workers too", fix });
	}
	// As in kind, a node without a role is a control plane.
	if (nodes.some((node: Args | null) => node?.role === undefined || node.role === "control-plane")) return errors;
	const fix = 'add { role: "control-plane" } to nodes';
	return [...errors, { field: "nodes", got: nodes, allowed: "at least one node with the role control-plane", fix }];
}

/** Taints and mounts of one node of which the last one would win, or the engine would fail. */
function repetitions({ taints = [], extraMounts = [] }: KindNode, i: number): FieldError[] {
	return [
		...repeated(
			taints.map(({ key, effect }) => `${key}:${effect}`),
			`nodes[${i}].taints`,
			"each key once with an effect",
		),
		...repeated(
			extraMounts.map(({ containerPath }) => containerPath),
			`nodes[${i}].extraMounts`,
			"each containerPath once",
		),
	];
}

function repeated(values: string[], field: string, rule: string): FieldError[] {
	return values.flatMap((got, j) => {
		const first = values.indexOf(got);
		const error = { field: `${field}[${j}]`, got, allowed: `${rule}; this repeats ${field}[${first}]` };
		return first === j ? [] : [{ ...error, fix: `remove ${field}[${j}]` }];
	});
}

/** A node without a network plugin doesn't become Ready, and the plugin is deployed when the update has gone on. */
function readinessErrors({ waitForReady }: Args, { disableDefaultCNI }: Networking): FieldError[] {
	if (!disableDefaultCNI || waitForReady === undefined || waitForReady === 0) return [];
	const allowed = "0 with networking.disableDefaultCNI: nodes become Ready only with the CNI that you deploy later";
	return [{ field: "waitForReady", got: waitForReady, allowed, fix: "remove waitForReady" }];
}

function archiveErrors({ imageArchives }: Args): FieldError[] {
	const paths = valid(z.array(z.string()), imageArchives) ?? [];
	return paths.flatMap((got, i) => {
		const fix = shellText("docker", "save", "--output", got, "<image>");
		return existsSync(got) ? [] : [{ field: `imageArchives[${i}]`, got, allowed: "the path of an archive", fix }];
	});
}
