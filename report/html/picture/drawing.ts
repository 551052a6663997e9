/** What a picture shows, before anything has a place in it: boxes, boxes inside them, and arrows between them. */

export interface Box {
	/** Unique in the picture. */
	id: string;
	/** How it is painted: see picture.css. */
	kind: "node" | "pod" | "client" | "outside" | "rules" | "end" | "hop";
	title: string;
	/** Under the title: addresses and the like. */
	lines: string[];
	inside: Box[];
	/** Whether the packet passes it. */
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
