/** The lab's tests once more, with the built-in substitute for the Kubernetes provider. */
import { describeIfSlow } from "./suites/selection.ts";

describeIfSlow("with the built-in provider", async () => {
	process.env.TEST_KUBERNETES_PROVIDER = "substitute";
	await import("./lab.test.ts");
});
