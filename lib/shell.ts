import { quote } from "shell-quote";

// shell-quote also escapes `=` and `:`, which makes commands hard to read.
const isPlain = (word: string): boolean => /^[\w@%+=:,./-]+$/.test(word);
/** Such as an IPv6 address with a port. */
const isInBrackets = (word: string): boolean => /^[\w@%+=:,./[\]-]+$/.test(word);

/** A command line that a POSIX shell splits into exactly these words. */
export const shellText = (...words: string[]): string =>
	words.map((word) => (isPlain(word) ? word : isInBrackets(word) ? `'${word}'` : quote([word]))).join(" ");
