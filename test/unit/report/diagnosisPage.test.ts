import { describe, expect, it } from "vitest";
import { diagnosisPage } from "../../../report/diagnosis/diagnosisPage.ts";
import { diagnose } from "../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../verification/diagnosis/readDiagnosis.ts";
import { labObjects, MemorySource, objectNamed } from "../verification/diagnosis/labObjects.ts";

async function pageOf(name: string, change: (objects: ReturnType<typeof labObjects>) => void = () => {}) {
	const objects = labObjects();
	change(objects);
	return diagnosisPage(diagnose(await readDiagnosis(new MemorySource(objects), { namespace: "default", name })));
}

const textOf = (html: string): string =>
	html
		.replace(/<style>.*<\/style>/s, "")
		.replace(/<[^>]+>/g, " ")
		.replace(/\s+/g, " ");

describe("the page of a diagnosis", () => {
	it("has the verdict, the findings with their fix, the predictions, and nothing from elsewhere", async () => {
		const html = await pageOf("trace-empty", (objects) => {
			objectNamed(objects, "services", "trace-empty").spec.selector = { app: "trace-ap" };
		});
		expect(html).toContain(
			'<p class="verdict failed">default/trace-empty is broken: the selector app=trace-ap matches no pod.',
		);
		expect(textOf(html)).toContain("cause the selector app=trace-ap matches no pod 2 pods, such as trace-app-");
		expect(textOf(html)).toContain("fix: kubectl -n default patch service trace-empty");
		expect(html).toContain('<td class="failed">connection refused');
		expect(html).not.toMatch(/<script|<img|url\(|(?:src|href)="(?!data:)|@import/);
	});

	it("of a healthy Service has no findings, and its rows are ok", async () => {
		const html = await pageOf("nodeport-service");
		expect(html).toContain('<p class="verdict ok">');
		expect(html).not.toContain("<h2>Findings</h2>");
		expect(html).toContain('<td class="ok">reaches a pod');
		expect(html).not.toMatch(/undefined|\[object/);
	});

	it("shows text of the cluster as text", async () => {
		const html = await pageOf("trace-empty", (objects) => {
			objectNamed(objects, "services", "trace-empty").spec.selector = { app: "<script>alert(1)</script>" };
		});
		expect(html).not.toContain("<script>");
		expect(html).toContain("&lt;script&gt;");
	});
});
