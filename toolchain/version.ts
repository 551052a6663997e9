export type Version = [major: number, minor: number, patch: number];

/** The first version in a text. Without a patch number, as in ">=20.20", the patch is 0. */
export function parseVersion(text: string): Version | undefined {
	const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
	return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : undefined;
}

/** Whether a version is that one or newer. */
export function isAtLeast(version: Version, least: Version): boolean {
	const [difference = 0] = version.map((number, place) => number - (least[place] ?? 0)).filter((gap) => gap !== 0);
	return difference >= 0;
}
