/** The stack that the commands work on. */
export const stack = process.env.PULUMI_STACK || "dev";
