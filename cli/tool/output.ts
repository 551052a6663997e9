/** What the commands for clusters print on, and how they end. */
import { screenOf } from "../display/screenOf.ts";

export const exitCodes = { nothingFound: 0, found: 1, failed: 2 };

/** Lines in a file or a pipe have no limit, so that other programs find whole sentences in them. */
export const screen = () => screenOf({ pipeWidth: Number.POSITIVE_INFINITY });
