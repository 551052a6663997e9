/** The reference of the components in Markdown, from the package's declarations. */
import ts from "typescript";

const introduction = `# Reference of the components

Generated from the declarations by \`npm run docs:api\`. [Use it in your stack](use-in-your-stack.md) is the place to start.
Each component is \`new <Component>(name, args, opts?)\`, with the resource options of a Pulumi component. A field with \`Input<…>\` also
takes an output of another resource.`;

/** @param declarations the text of docs/api/index.d.ts */
export function reference(declarations: string): string {
	const file = ts.createSourceFile("index.d.ts", declarations, ts.ScriptTarget.Latest, true);
	const exported = exportedNames(file);
	const classes = file.statements.filter(ts.isClassDeclaration).filter(isComponent);
	const interfaces = file.statements
		.filter(ts.isInterfaceDeclaration)
		.filter(({ name }) => exported.has(name.text))
		.sort(byName);
	const argsOf = (component: ts.ClassDeclaration) =>
		interfaces.find(({ name }) => name.text === `${component.name?.text}Args`);
	const ofComponents = new Set(classes.map(argsOf));
	return [
		introduction,
		...classes.sort(byName).flatMap((component) => componentText(component, argsOf(component))),
		"## Types",
		...interfaces.filter((one) => !ofComponents.has(one)).flatMap(typeText),
		"",
	].join("\n\n");
}

const byName = (a: ts.NamedDeclaration, b: ts.NamedDeclaration): number =>
	(a.name?.getText() ?? "") < (b.name?.getText() ?? "") ? -1 : 1;

const exportedNames = (file: ts.SourceFile): Set<string> =>
	new Set(
		file.statements
			.filter(ts.isExportDeclaration)
			.flatMap(({ exportClause }) => (exportClause && ts.isNamedExports(exportClause) ? exportClause.elements : []))
			.map(({ name }) => name.text),
	);

const isComponent = ({ heritageClauses }: ts.ClassDeclaration): boolean =>
	heritageClauses?.some((clause) => clause.getText().includes("ComponentResource")) ?? false;

function componentText(component: ts.ClassDeclaration, args: ts.InterfaceDeclaration | undefined): string[] {
	const outputs = component.members.filter(ts.isPropertyDeclaration);
	return [
		`## ${component.name?.text}`,
		comment(component).text,
		...(args ? ["### Arguments", argumentTable(args)] : []),
		"### Outputs",
		table(
			["output", "type", "description"],
			outputs.map((output) => [nameOf(output), typeOf(output), comment(output).text]),
		),
	];
}

const typeText = (type: ts.InterfaceDeclaration): string[] =>
	[`### ${type.name.text}`, comment(type).text, argumentTable(type)].filter((part) => part !== "");

const argumentTable = (type: ts.InterfaceDeclaration): string =>
	table(
		["field", "type", "default", "description"],
		type.members.filter(ts.isPropertySignature).map((field) => {
			const { text, standard } = comment(field);
			return [nameOf(field), typeOf(field), field.questionToken ? (standard ?? "none") : "required", text];
		}),
	);

type Field = ts.PropertySignature | ts.PropertyDeclaration;

const nameOf = ({ name }: Field): string => `\`${name.getText()}\``;

/** An optional field may also be undefined: that isn't worth a place in a table. */
const typeOf = ({ type }: Field): string => {
	const written = (type?.getText() ?? "").replace(/\/\*\*.*?\*\//gs, "").replace(/\s+/g, " ");
	return `\`${written.replaceAll("pulumi.", "").replace(/ \| undefined$/, "")}\``;
};

/** The text of a JSDoc comment without its frame, and what it says after @default. */
function comment(node: ts.Node): { text: string; standard?: string } {
	// The comment next to the declaration: further up may be that of a file.
	const [written = ""] = ts
		.getJSDocCommentsAndTags(node)
		.slice(-1)
		.map((part) => part.getText());
	const plain = written.replace(/^\/\*\*|\*\/$/g, "").replace(/^\s*\* ?/gm, "");
	const [text = "", standard] = plain
		.replace(/\s+/g, " ")
		.trim()
		.split(/ ?@default /);
	return { text, ...(standard !== undefined && { standard }) };
}

function table(columns: string[], rows: string[][]): string {
	const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
	return [line(columns), `|${"---|".repeat(columns.length)}`, ...rows.map(line)].join("\n");
}
