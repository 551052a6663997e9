import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { Diagnosis, diagnose, diagnosisSchema } from "../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../verification/diagnosis/readDiagnosis.ts";
import { labObjects, MemorySource } from "../verification/diagnosis/labObjects.ts";

const file = "docs/diagnosis.schema.json";
const regenerate = "npx vitest run --project unit test/unit/report/diagnosisSchema.test.ts --update";

it(`${file} is current; regenerate it with: ${regenerate}`, async () => {
	const schema = { $id: diagnosisSchema, ...z.toJSONSchema(Diagnosis) };
	await expect(`${JSON.stringify(schema, null, "\t")}\n`).toMatchFileSnapshot(`../../../${file}`);
});

it(`${file} names the version of the diagnosis`, () => {
	const { properties } = JSON.parse(readFileSync(file, "utf8"));
	expect(properties.schema.const).toBe(diagnosisSchema);
});

it.each(["nodeport-service", "trace-cluster", "trace-local", "trace-empty"])(
	"the diagnosis of %s has only the documented fields",
	async (name) => {
		const diagnosis = diagnose(await readDiagnosis(new MemorySource(labObjects()), { namespace: "default", name }));
		// Unknown fields are dropped by the schema, so they would be missing afterwards.
		expect(JSON.parse(JSON.stringify(Diagnosis.parse(diagnosis)))).toEqual(JSON.parse(JSON.stringify(diagnosis)));
	},
);
