/** The content of a picture before its layout: boxes, boxes inside them, and arrows between them. */
export interface Box {
	/** Unique in the picture. */
	id: string;
	/** Its style: see picture.css. */
	kind: "node" | "pod" | "client" | "outside" | "rules" | "end" | "hop";
	title: string;
	/** Under the title. */
	lines: string[];
	inside: Box[];
	/** The packet passes it. */
	onPath: boolean;
}

export interface Arrow {
	from: string;
	to: string;
	lines: string[];
}

export interface Drawing {
	boxes: Box[];
	arrows: Arrow[];
}
