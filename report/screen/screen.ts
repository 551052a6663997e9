import { styleText } from "node:util";

/** What a text is for. */
export interface Screen {
	color: boolean;
	/** Characters per line. @default no limit */
	width?: number;
	/** Show all tables, chains, paths and traces. @default false */
	verbose?: boolean;
}

type Format = Parameters<typeof styleText>[0];
export type Paint = (format: Format, text: string) => string;

/** The caller knows whether the screen shows colors: Node.js would check stdout, which a text may not be for. */
export const painter =
	({ color }: Pick<Screen, "color">): Paint =>
	(format, text) =>
		color ? styleText(format, text, { validateStream: false }) : text;
