import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, it, vi } from "vitest";
import { orRefuse } from "../../../lib/userError.ts";

afterEach(() => vi.unstubAllEnvs());

const refused = () => orRefuse(Promise.reject(new Error('image "x" is missing'))).catch((error: unknown) => error);

it("passes an answer on", async () => {
	expect(await orRefuse(Promise.resolve(7))).toBe(7);
});

it("turns a failure into an error that Pulumi shows without a stack and without a prefix", async () => {
	const error = (await refused()) as Error;
	expect(pulumi.RunError.isInstance(error)).toBe(true);
	error.message = `error serializing property "stdin": ${error.message}`; // As the SDK does.
	expect(error.message).toBe('image "x" is missing');
	expect(error.stack).toBe("");
	expect(error.cause).toMatchObject({
		message: 'image "x" is missing',
		stack: expect.stringContaining("userError.test.ts"),
	});
});

it("keeps the stack if NODEPORT_LAB_DEBUG is set", async () => {
	vi.stubEnv("NODEPORT_LAB_DEBUG", "1");
	expect(pulumi.RunError.isInstance(await refused())).toBe(false);
});
