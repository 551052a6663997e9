export const entryPoints: Record<"index" | "contract" | "netfilter", string>;
export const programs: Record<string, string>;
