import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const SRC = new URL("../src/", import.meta.url);

test("every stylesheet has its place in the cascade, once", () => {
  const list = readFileSync(new URL("styles.css", SRC), "utf8");
  const imported = [...list.matchAll(/@import "\.\/(.+?)";/g)].map((match) => match[1]);
  const there = (readdirSync(SRC, { recursive: true }) as string[])
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".css") && path !== "styles.css");
  expect(imported.toSorted()).toEqual(there.toSorted());
});
