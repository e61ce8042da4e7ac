// How the tests hand over documents: joined by NUL on standard input (no XML or JSON document may hold one).
// Answers, in the same order, are one JSON list on standard output: {"result": ...} or {"error": "..."}.
import { readFileSync } from "node:fs";

const decoder = new TextDecoder("utf-8", { fatal: true });

function split(bytes) {
  const parts = [];
  let start = 0;
  for (let end; (end = bytes.indexOf(0, start)) !== -1; start = end + 1) parts.push(bytes.subarray(start, end));
  return [...parts, bytes.subarray(start)];
}

function answer(bytes, read) {
  try {
    return { result: read(decoder.decode(bytes)) };
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
}

export function answerEach(read) {
  process.stdout.write(JSON.stringify(split(readFileSync(0)).map((bytes) => answer(bytes, read))));
}
