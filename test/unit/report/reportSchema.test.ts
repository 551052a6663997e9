import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { Report, reportSchema } from "../../../verification/report.ts";

const file = "docs/report.schema.json";
const regenerate = "npx vitest run --project unit test/unit/report/reportSchema.test.ts --update";

it(`${file} is current; regenerate it with: ${regenerate}`, async () => {
	const schema = { $id: reportSchema, ...z.toJSONSchema(Report) };
	await expect(`${JSON.stringify(schema, null, "\t")}\n`).toMatchFileSnapshot(`../../../${file}`);
});

it(`${file} names the version of the report`, () => {
	const { properties } = JSON.parse(readFileSync(file, "utf8"));
	expect(properties.schema.const).toBe(reportSchema);
});
