/**
 * What `npm test` leaves out, because another test covers most of what it does: `npm run test:slow` runs it too. CONTRIBUTING.md
 * says what is left out.
 */
import { describe, it } from "vitest";

const isSlowRun = Boolean(process.env.SLOW);

export const itIfSlow = it.runIf(isSlowRun);
export const describeIfSlow = describe.runIf(isSlowRun);

/** Rows of a table of tests. */
export const ifSlow = <Row>(rows: readonly Row[]): readonly Row[] => (isSlowRun ? rows : []);
