import type { Report } from "../../../verification/report.ts";

/** Without the notice that a request was late and had to be sent again: that depends on how busy the machine is. */
export function lastingNotices({ notices }: Pick<Report, "notices">): Report["notices"] {
	return notices.filter(({ kind }) => kind !== "repeatedRequests");
}
