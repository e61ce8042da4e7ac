// node validate.mjs FOLDER: what html-validate finds in every HTML file below FOLDER, as JSON.
//
// Rules that are not as recommended, and why:
// - doctype-style: the HTML standard takes any case; ours is the lower one.
// - long-title: the length of a headline is the newsroom's.
// - no-trailing-whitespace: an article's text may end its lines as its author did; nothing shows of it.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(new URL("../node/package.json", import.meta.url));
const { HtmlValidate } = require("html-validate");
const validator = new HtmlValidate(JSON.parse(readFileSync(new URL("html-validate.json", import.meta.url), "utf-8")));

const found = [];
for (const name of readdirSync(process.argv[2], { recursive: true }).filter((one) => one.endsWith(".html"))) {
  const report = await validator.validateString(readFileSync(join(process.argv[2], name), "utf-8"), name);
  for (const { messages } of report.results) {
    for (const one of messages) found.push(`${name}:${one.line}:${one.column}: ${one.ruleId}: ${one.message}`);
  }
}
process.stdout.write(JSON.stringify(found));
