/** The stack that the commands work on. */
export const stack = process.env.PULUMI_STACK || "dev";

/** Without organization and project, by which it may be named too. */
export const stackName = stack.split("/").at(-1) ?? "";
