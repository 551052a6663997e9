import { expect, it } from "vitest";
import { diagnose } from "../../../../verification/diagnosis/diagnosis.ts";
import { readSettled } from "../../../../verification/diagnosis/settledReading.ts";
import { labObjects, MemorySource, objectNamed, type sliceObject } from "./labObjects.ts";

const service = { namespace: "default", name: "nodeport-service" };

/** A live cluster whose EndpointSlice has another address in each reading; the rules have the last one's. */
class ChangingSource extends MemorySource {
	readings = 1;
	private readonly addresses: string[];

	constructor(addresses: string[]) {
		super(labObjects());
		this.addresses = addresses;
		this.setAddress();
	}

	refresh(): void {
		this.readings++;
		this.setAddress();
	}

	private setAddress(): void {
		const name = "nodeport-service-abcde";
		const slice = objectNamed<ReturnType<typeof sliceObject>>(this.objects, "endpointSlices", name);
		const ip = this.addresses[this.readings - 1] ?? this.addresses.at(-1) ?? "";
		for (const endpoint of slice.endpoints) endpoint.addresses = [ip];
	}
}

const [current, old, older] = ["10.244.1.10", "10.244.1.9", "10.244.1.8"];

async function diagnosed(...addresses: string[]) {
	const source = new ChangingSource(addresses);
	const diagnosis = diagnose(await readSettled(source, service, 0));
	return {
		readings: source.readings,
		diagnosis,
		kinds: diagnosis.findings.map((one) => `${one.weight} ${one.finding.kind}`),
	};
}

it("reads a healthy Service once", async () => {
	expect(await diagnosed(current)).toMatchObject({ readings: 1, kinds: [] });
});

it("doesn't report rules that a moment later follow the endpoints", async () => {
	expect(await diagnosed(old, current)).toMatchObject({ readings: 2, kinds: [] });
});

it("reports rules that differ from the same endpoints twice", async () => {
	const { readings, kinds } = await diagnosed(old);
	expect({ readings, kinds }).toEqual({ readings: 2, kinds: ["cause nodeRules"] });
});

it("is less certain if the endpoints change with every reading, says so, and suggests no fix", async () => {
	const { readings, kinds, diagnosis } = await diagnosed("10.244.1.7", older, old);
	expect({ readings, kinds }).toEqual({ readings: 3, kinds: ["suspect nodeRules"] });
	expect(diagnosis.findings[0]?.fix).toBeUndefined();
	expect(diagnosis.gaps).toContainEqual({ subject: "rules", cause: { kind: "changing" } });
});

it("doesn't read a bundle again", async () => {
	const source = new ChangingSource([old, current]);
	Object.defineProperty(source, "refresh", { value: undefined });
	const { findings } = diagnose(await readSettled(source, service, 0));
	expect(findings.map(({ finding }) => finding.kind)).toEqual(["nodeRules"]);
	expect(source.readings).toBe(1);
});
