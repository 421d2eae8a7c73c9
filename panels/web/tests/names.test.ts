import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { count, decimal, fixed, percent, pixels } from "../src/format";
import { nameAt } from "../src/objects/Boxes";
import { nameplaces } from "../src/objects/boxNames";
import { words } from "../src/parts/Name";

const SRC = new URL("../src/", import.meta.url);

describe("numbers", () => {
  test("have a minus sign, which is as wide as a plus and never parted from them", () => {
    expect(fixed(-10.24, 1)).toBe("−10.2");
    expect(fixed(-0.04, 1)).toBe("0.0");
    expect(fixed(Number.NaN, 1)).toBe("NaN");
    expect(count(-1234)).toBe("−1,234");
    expect(decimal(-0.25)).toBe("−0.3");
    expect(percent(-0.1)).toBe("−10 %");
    expect(pixels(640, 480)).not.toContain(" ");
  });
  test("are written in one place", () => {
    const files = (readdirSync(SRC, { recursive: true }) as string[]).filter((path) =>
      /\.tsx?$/.test(path),
    );
    const own = files.filter((path) =>
      readFileSync(new URL(path, SRC), "utf8").includes(".toFixed("),
    );
    // What a stylesheet reads is no text.
    expect(own.toSorted()).toEqual(["format.ts", "parts/light.ts"]);
  });
});

test("a name is broken where its words are joined, and stays what it is", () => {
  expect(words("outerwear/jackets_and_coats")).toEqual(["outerwear/", "jackets_", "and_", "coats"]);
  expect(words("/data/a..b.jpg")).toEqual(["/", "data/", "a..", "b.", "jpg"]);
  for (const plain of ["hat", "long-sleeved jersey", "", "_", "a_"])
    expect(words(plain)).toEqual([plain]);
});

describe("the name of a box stays in sight", () => {
  const room = { width: 300, height: 200 };
  test("where its box begins beside the picture", () => {
    expect(nameAt({ left: -40, top: 50, width: 100, height: 80 }, room, "person")).toEqual({
      left: 40,
    });
  });
  test("where its box goes on beside the picture", () => {
    expect(nameAt({ left: 280, top: 50, width: 100, height: 80 }, room, "person")).toEqual({
      left: "auto",
      right: 80,
    });
  });
  test("and hides neither what is asked about nor another name", () => {
    const asked = { left: 100, top: 60, width: 80, height: 80 };
    const places = (...boxes: [number, number, number, number][]) =>
      nameplaces(
        boxes.map(([left, top, width, height]) => ({
          box: { left, top, width, height },
          name: width > 25 ? "traffic light" : "7",
        })),
        [asked],
        room,
      );
    // As wide as its box; in it where something is in the way above.
    expect(places([10, 50, 60, 40])).toEqual([{ left: 10, top: 34, width: 60, height: 16 }]);
    expect(places([110, 145, 60, 40])).toEqual([{ left: 110, top: 145, width: 60, height: 16 }]);
    expect(places([10, 5, 60, 40])[0]?.top).toBe(5);
    expect(places([10, 50, 60, 40], [10, 50, 60, 90]).map((at) => at?.top)).toEqual([34, 50]);
    expect(places([10, 50, 20, 40])[0]?.width).toBe(15);
    // Not at all where only that is left that must be seen, or no letter has room.
    expect(places([105, 70, 60, 40], [200, 50, 14, 40], [270, 50, 60, 40])).toEqual([
      null,
      null,
      null,
    ]);
  });
  test("where its box begins above the picture", () => {
    expect(nameAt({ left: 10, top: -30, width: 100, height: 80 }, room, "tv")).toEqual({
      left: 0,
      top: 30,
    });
  });
});
