/** The lab's tests once more, with the built-in substitute for the Kubernetes provider. */
process.env.TEST_KUBERNETES_PROVIDER = "substitute";
await import("./lab.test.ts");
