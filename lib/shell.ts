/** Text for a shell. */

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** Words as a shell takes them. */
export const shellText = (...words: string[]): string => words.map(quoted).join(" ");
