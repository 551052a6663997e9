/** What `npm test` leaves out to end within an hour: `npm run test:slow` runs it too. CONTRIBUTING.md says what it is. */
import { describe, it } from "vitest";

export const isSlowRun = Boolean(process.env.SLOW);

export const itIfSlow = it.runIf(isSlowRun);
export const describeIfSlow = describe.runIf(isSlowRun);

/** Rows of a table of tests. */
export const ifSlow = <Row>(rows: readonly Row[]): readonly Row[] => (isSlowRun ? rows : []);
