import { readdirSync, readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { moved } from "../src/overview/moves";
import { boundKeys, SHORTCUTS, type Shortcut, scopesOf, written } from "../src/shortcuts";

const SRC = new URL("../src/", import.meta.url);
const LIST: [string, Shortcut][] = Object.entries(SHORTCUTS);

const sources = (readdirSync(SRC, { recursive: true }) as string[])
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /\.tsx?$/.test(path) && path !== "shortcuts.ts")
  .map((path) => ({ path, text: readFileSync(new URL(path, SRC), "utf8") }));

/** What is between the brackets of each call of a function. */
function callsOf(name: string, text: string): string[] {
  return [...text.matchAll(new RegExp(`\\b${name}\\(`, "g"))].map((match) => {
    const start = match.index + match[0].length;
    let [depth, end] = [1, start];
    while (depth) depth += { "(": 1, ")": -1 }[text[end++] ?? ")"] ?? 0;
    return text.slice(start, end - 1);
  });
}

test("no key is bound but by the list", () => {
  const found = sources.filter(({ text }) => callsOf("useKeys", text).length);
  expect(found.map(({ path }) => path)).toEqual([]);
});

/** What is bound in a call, or by an object that is made for one. */
function bindingsIn(text: string): string[] {
  const named = [...text.matchAll(/: Bindings = \{([\s\S]*?)\n {2}\};/g)].map(
    ([, body]) => body ?? "",
  );
  return [...callsOf("useShortcuts", text), ...named];
}

test("all that is listed is bound", () => {
  const bindings = sources.flatMap(({ text }) => bindingsIn(text)).join("\n");
  const unbound = LIST.filter(
    ([name, shortcut]) =>
      !shortcut.local && !new RegExp(`(^|[{,])\\s*${name}\\s*[:,}]`, "m").test(bindings),
  );
  expect(unbound.map(([name]) => name)).toEqual([]);
});

test("keys that are not bound are those of what has the focus", () => {
  const local = LIST.filter(([, { local }]) => local).map(([name]) => name);
  expect(local).toEqual(["takeKeys", "move", "open", "annotators", "pageMark", "pageMove"]);
  for (const key of SHORTCUTS.move.keys) expect(moved(key, [1, 1], 3, () => 3)).not.toBeNull();
});

test("each key of a shortcut does what is bound, and tells which it was", () => {
  const [step, zoom] = [vi.fn(), vi.fn()];
  const keys = boundKeys({ mapStep: step, zoomIn: zoom, tag: undefined });
  expect(Object.keys(keys).toSorted()).toEqual(["+", "=", "ArrowLeft", "ArrowRight"]);
  keys.ArrowRight?.();
  keys["="]?.();
  expect(step.mock.calls).toEqual([[1]]);
  expect(zoom).toHaveBeenCalledOnce();
});

test("no screen has a key twice", () => {
  for (const scope of new Set(LIST.flatMap(([, shortcut]) => scopesOf(shortcut)))) {
    const keys = LIST.filter(([, shortcut]) => scopesOf(shortcut).includes(scope)).flatMap(
      ([, { keys, also }]) => [...keys, ...(also ?? [])],
    );
    expect(keys.toSorted()).toEqual([...new Set(keys)].toSorted());
  }
});

test("the guide has the list", () => {
  const guide = readFileSync(new URL("../../../docs/guide/panel.md", import.meta.url), "utf8");
  const table = guide.slice(guide.indexOf("\n## Shortcuts")).split("\n## ")[1] ?? "";
  const told = [...table.matchAll(/^\| (\w+) \| (`.*`) \| (.*) \|$/gm)].map(
    ([, scope, keys, does]) => [scope, keysIn(keys ?? "").join(), does].join(" | "),
  );
  const listed = LIST.flatMap(([, shortcut]) =>
    scopesOf(shortcut).map((scope) =>
      [scope, shortcut.keys.map(written).join(), shortcut.does].join(" | "),
    ),
  );
  expect(told.toSorted()).toEqual(listed.toSorted());
});

/** The keys of a cell of the table, in which digits may be a range. */
function keysIn(text: string): string[] {
  const digits = (_: string, first: string, last: string) =>
    Array.from({ length: +last - +first + 1 }, (__, at) => `\`${+first + at}\``).join();
  const all = text.replace(/`(\d)` … `(\d)`/g, digits);
  return [...all.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}
