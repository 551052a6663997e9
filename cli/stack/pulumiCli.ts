/** Short commands of the Pulumi CLI. What changes the stack runs through update.ts. */
import { execa } from "execa";
import { stack } from "./stack.ts";

/** Selects the stack, and creates it if it doesn't exist. */
export async function selectStack(): Promise<void> {
	await execa("pulumi", ["stack", "select", stack, "--create"], { stdout: "ignore", stderr: "inherit" });
}

/** Releases the stack's lock. */
export async function cancelUpdate(): Promise<void> {
	await execa("pulumi", ["cancel", "--yes", "--stack", stack]);
}

/** The stack's state as JSON. */
export async function exportState(): Promise<string> {
	return (await execa("pulumi", ["stack", "export", "--stack", stack], { stderr: "inherit" })).stdout;
}
