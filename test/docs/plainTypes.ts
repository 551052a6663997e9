/**
 * Writes the types of zod schemas out in declarations: a program that TypeScript compiles without esModuleInterop, as Pulumi's
 * templates are, can't read zod's own declarations.
 */
import ts from "typescript";

const flags =
	ts.NodeBuilderFlags.NoTruncation |
	ts.NodeBuilderFlags.InTypeAlias |
	ts.NodeBuilderFlags.UseAliasDefinedOutsideCurrentScope;

/** In declarations as tsc emits them: `type X = z.infer<typeof X>` becomes a plain type, and the schema `X` is left out. */
export const plainTypes =
	(checker: ts.TypeChecker): ts.TransformerFactory<ts.SourceFile | ts.Bundle> =>
	(context) =>
	(file) => {
		if (!ts.isSourceFile(file)) return file;
		const inferred = new Set(file.statements.filter(isInferred).map(({ name }) => name.text));
		const visit = (node: ts.Node): ts.Node | undefined => {
			if (ts.isVariableStatement(node)) return declares(node, inferred) ? undefined : node;
			return ts.isTypeAliasDeclaration(node) && isInferred(node) ? writtenOut(node, checker, context.factory) : node;
		};
		return ts.visitEachChild(file, visit, context);
	};

const isInferred = (node: ts.Node): node is ts.TypeAliasDeclaration =>
	ts.isTypeAliasDeclaration(node) &&
	ts.isTypeReferenceNode(node.type) &&
	ts.isQualifiedName(node.type.typeName) &&
	node.type.typeName.right.text === "infer";

const declares = ({ declarationList }: ts.VariableStatement, names: ReadonlySet<string>): boolean =>
	declarationList.declarations.some(({ name }) => ts.isIdentifier(name) && names.has(name.text));

function writtenOut(node: ts.TypeAliasDeclaration, checker: ts.TypeChecker, factory: ts.NodeFactory): ts.Node {
	const source = ts.getOriginalNode(node) as ts.TypeAliasDeclaration;
	const type = checker.typeToTypeNode(checker.getTypeAtLocation(source.name), undefined, flags);
	if (!type) throw new Error(`the type ${node.name.text} can't be written out`);
	return factory.updateTypeAliasDeclaration(
		node,
		node.modifiers,
		node.name,
		node.typeParameters,
		sorted(type, factory),
	);
}

const printer = ts.createPrinter();
const nothing = ts.createSourceFile("", "", ts.ScriptTarget.Latest);
const byText = (a: ts.Node, b: ts.Node): number => {
	const [first = "", second = ""] = [a, b].map((node) => printer.printNode(ts.EmitHint.Unspecified, node, nothing));
	return Number(first === "undefined") - Number(second === "undefined") || (first < second ? -1 : 1);
};

/** TypeScript orders the members by their first use in the whole program, which changes with code elsewhere. */
function sorted(type: ts.TypeNode, factory: ts.NodeFactory): ts.TypeNode {
	const visit = (node: ts.Node): ts.Node => {
		const visited = ts.visitEachChild(node, visit, undefined);
		if (ts.isUnionTypeNode(visited)) return factory.createUnionTypeNode([...visited.types].sort(byText));
		if (ts.isTypeLiteralNode(visited)) return factory.createTypeLiteralNode([...visited.members].sort(byText));
		return visited;
	};
	return visit(type) as ts.TypeNode;
}
