import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { shellText } from "../../../lib/shell.ts";

it.each([
	["words without special characters as they are", ["kubectl", "--for=condition=Ready", "node/a", "1.2.3.4:80"]],
	["spaces", ["a b", " ", "a\tb", "a\nb"]],
	["quotes", ["it's", '"', `'"`, "don't!", "\\"]],
	["expansions", ["$HOME", "$(id)", "`id`", "*", "~", "{a,b}", "!1", "#1", "100%"]],
	["IPv6 addresses", ["[fd00::9]:8080", "http://[::1]:30040/host", "[a-z]*"]],
	["operators", ["a;b", "a&&b", "a|b", "<a", ">b", "(a)"]],
	["an empty word", [""]],
	["a folder with all of them", ["my labs/100% #1/é"]],
])("passes to a shell: %s", (_, words) => {
	const text = shellText("printf", "%s\\0", ...words);
	expect(execFileSync("/bin/sh", ["-c", text], { encoding: "utf8" }).split("\0").slice(0, -1)).toEqual(words);
});

it("quotes only what needs it", () => {
	expect(shellText("kubectl", "--for=condition=Ready", "a b")).toBe("kubectl --for=condition=Ready 'a b'");
	expect(shellText("--to", "[fd00::9]:8080")).toBe("--to '[fd00::9]:8080'");
});
