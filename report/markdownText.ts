/** Escapes Markdown and HTML within a line, and joins lines. */
export const plain = (text: string): string => text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>#|~&]/g, "\\$&");
