/** What a text is for. */
export interface Screen {
	color: boolean;
	/** Characters per line. @default no limit */
	width?: number;
	/** Show all tables, chains, paths and traces. @default false */
	verbose?: boolean;
}
