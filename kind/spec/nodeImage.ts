/** The image of nodes for which no image is set. */
import { findNodes, hasImage } from "../docker.ts";

/** The version of kind that set-up installs. */
export const kindVersion = "v0.33.0";

/** kind's own: pkg/apis/config/defaults/image.go of that version. */
export const publishedNodeImage =
	"kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5";

/** The image that the lab's set-up builds. */
export const builtNodeImage = "nodeport-lab/node:1.36";

/**
 * The default image. A cluster that exists keeps its own, because otherwise it would be recreated when set-up builds an
 * image, or with another version of this package.
 * @param names of the nodes for which no image is set
 */
export async function defaultNodeImage(cluster: string, names: string[]): Promise<string> {
	const existing = (await findNodes(cluster)).find(({ name, image }) => names.includes(name) && image);
	if (existing?.image) return existing.image;
	return (await hasImage(builtNodeImage)) ? builtNodeImage : publishedNodeImage;
}
