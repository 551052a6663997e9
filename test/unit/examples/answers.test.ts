import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, it } from "vitest";
import { answersOf } from "../../../examples/consumer/answers.ts";
import { ApiServer } from "../apiServer.ts";

const job = { namespace: "lab", name: "calls" };
const pods = "/api/v1/namespaces/lab/pods";
const pod = (name: string, phase: string) => ({
	metadata: { name },
	spec: { containers: [{ name: "c-worker" }, { name: "c-worker2" }] },
	status: { phase },
});

let server: ApiServer;
let kubeconfig: string;
beforeEach(async () => {
	server = new ApiServer();
	kubeconfig = await server.start();
});
afterEach(() => server.stop());

it("the answers are what the containers of the successful pod printed", async () => {
	server.objects.set(pods, { items: [pod("calls-1", "Failed"), pod("calls-2", "Succeeded")] });
	server.intercept = ({ path, query }) =>
		path.endsWith("/calls-2/log")
			? { status: 200, body: JSON.stringify({ message: `of ${query.container}`, clientIp: "10.0.0.1", podIp: "p" }) }
			: undefined;
	expect(await answersOf(kubeconfig, job)).toEqual({
		"c-worker": { message: "of c-worker", clientIp: "10.0.0.1" },
		"c-worker2": { message: "of c-worker2", clientIp: "10.0.0.1" },
	});
	expect(server.asked[0]?.query).toEqual({ labelSelector: "batch.kubernetes.io/job-name=calls" });
});

it("there are no answers once the pod is gone", async () => {
	server.objects.set(pods, { items: [] });
	expect(await answersOf(kubeconfig, job)).toEqual({});
});

it("the error names the Job and the fix if the cluster doesn't answer", async () => {
	server.stop();
	const error = await answersOf(kubeconfig, job).catch((error: unknown) => error);
	expect(pulumi.RunError.isInstance(error)).toBe(true);
	expect((error as Error).message).toMatch(/logs of Job lab\/calls can't be read: .*; fix: npm start, in the lab/s);
});
