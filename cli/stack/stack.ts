/** The stack that the commands work on. */
export const stack = process.env.PULUMI_STACK || "dev";

/** Without organization and project, by which a stack may be named too. */
export const shortName = (stack: string): string => stack.split("/").at(-1) ?? "";

export const stackName = shortName(stack);

/** The report of the last verification, of any stack. */
export const reportPath = "out/verification.json";
