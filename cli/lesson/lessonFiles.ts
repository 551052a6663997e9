/** The files of a lesson, one of each for a stack. */
import { join } from "node:path";
import { stackName } from "../stack/stack.ts";

export const progressPath = join(".state", `${stackName}.lesson.json`);

/** What the lesson has broken; it doesn't exist while nothing is broken. */
export const faultRecordPath = join(".state", `${stackName}.broken.json`);
