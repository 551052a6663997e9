/** npm run verify: repeats the verification without an update. */
import { command, show, verifyAgain } from "./lab.ts";

await command(async () => {
	const report = await verifyAgain();
	show(report);
	return report.ok ? 0 : 1;
});
