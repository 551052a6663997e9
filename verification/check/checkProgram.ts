/**
 * Checks a NodePort. Reads the request (JSON) from stdin and writes the result (JSON) to stdout. If the NodePort doesn't answer
 * as expected, it writes nothing to stdout, the requests and the findings to stderr, and exits with 1.
 */
import { text } from "node:stream/consumers";
import { openAsKubectl } from "../../kubernetes/source/kubectlAccess.ts";
import { LiveSource } from "../../kubernetes/source/liveSource.ts";
import { command } from "../../lib/programs/command.ts";
import { parseRequest } from "../../lib/programs/stdinRequest.ts";
import { checkFailureText, checkFindings } from "../../report/diagnosis/checkText.ts";
import { CheckRequest, type CheckResult } from "./checkRequest.ts";
import { checkService } from "./checkService.ts";

await command(async () => {
	const request = parseRequest(CheckRequest, await text(process.stdin));
	const { kubeconfig, context } = request;
	const checked = await checkService(new LiveSource(openAsKubectl({ kubeconfig, context })), request);
	const { ok, requests, diagnosis } = checked;
	if (!ok) {
		console.error(checkFailureText(checked, request));
		return 1;
	}
	const result: CheckResult = {
		ok,
		checkedAt: new Date().toISOString(),
		requests,
		findings: checkFindings(diagnosis, { kubeconfig, context }),
	};
	process.stdout.write(JSON.stringify(result));
	return 0;
});
