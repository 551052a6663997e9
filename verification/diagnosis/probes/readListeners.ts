/** Reads in an endpoint's own container which ports its pod listens on. */
import { saysForbidden } from "../../../kubernetes/apiErrors.ts";
import { toExec } from "../../../kubernetes/objects.ts";
import type { ClusterSource } from "../../../kubernetes/source/clusterSource.ts";
import type { Gap, GapCause } from "../../../kubernetes/source/gap.ts";
import type { PodObject } from "../../../kubernetes/source/usedFields.ts";
import { preferred } from "../../judgement/predict.ts";
import type { DiagnosisInput } from "../diagnosis.ts";
import type { WeighedFinding } from "../diagnosisFinding.ts";
import { listeningFindings, parseListeners } from "../findings/listening.ts";

const readSeconds = 10;

/** One endpoint of each port: the others usually run the same program. */
export async function readListeners(
	source: ClusterSource,
	{ reading, views }: Pick<DiagnosisInput, "reading" | "views">,
): Promise<{ findings: WeighedFinding[]; gaps: Gap[] }> {
	const findings: WeighedFinding[] = [];
	const gaps: Gap[] = [];
	for (const { snapshot, protocol, family, isDualStack } of views) {
		const [endpoint] = preferred(snapshot.endpoints);
		const pod = reading.pods?.find(({ metadata }) => metadata.name === endpoint?.pod);
		// A pod in its node's network shares the node's ports, and sctp has no such file.
		if (!endpoint || !pod || pod.spec.hostNetwork || protocol === "sctp") continue;
		const { name } = pod.metadata;
		const program = ["cat", `/proc/net/${protocol}`, `/proc/net/${protocol}6`];
		const { code, stdout, stderr } = await source.run(toExec(pod), program, readSeconds);
		// Without IPv6 the second file is missing, and cat ends with 1.
		if (/^\s*sl /m.test(stdout)) {
			const listeners = parseListeners(stdout, protocol);
			const only = isDualStack && family === "ipv6" ? family : undefined;
			const found = listeningFindings(name, endpoint.port, protocol, listeners, hasMeshProxy(pod), only);
			// If it listens over neither family, one finding is enough.
			const isKnown = findings.some(
				({ finding }) => finding.kind === "notListening" && finding.pod === name && finding.port === endpoint.port,
			);
			if (!isKnown) findings.push(...found);
			continue;
		}
		gaps.push({ subject: "listeners", cause: whyNot(code, stderr) });
	}
	return { findings, gaps };
}

function whyNot(code: number, stderr: string): GapCause {
	const [message = ""] = stderr.trim().split("\n");
	if (message === "") return { kind: "exitCode", program: "cat", code };
	// As runc says it, and crun.
	if (/executable file .*not found/i.test(message)) return { kind: "noProgram", program: "cat" };
	return { kind: saysForbidden(stderr) ? "forbidden" : "failed", message };
}

/** Whose rules send the pod's packets to another port first. */
const hasMeshProxy = ({ spec }: PodObject): boolean =>
	[...spec.containers, ...(spec.initContainers ?? [])].some(({ name }) =>
		["istio-proxy", "istio-init", "linkerd-proxy", "linkerd-init"].includes(name),
	);
