import { describe, expect, it } from "vitest";
import type { ObjectInfo } from "../src/events";
import { captionOf } from "../src/objects/caption";
import { namesOf } from "../src/objects/names";
import { labelPlaces, nextOpen, numberOf } from "../src/objects/numbered";
import { adjusted, around, type Box, overlapOf, placeOf } from "../src/objects/place";
import { parted, patchesOf } from "../src/objects/selection";
import { confirmText, proposedFor, wayTo } from "../src/objects/ways";

const names = namesOf(["cat", "dog"], "object");
const picture = { width: 1000, height: 500 };
const room = { width: 800, height: 600 };

describe("what is nothing", () => {
  it("has a name of its own as label and as prediction", () => {
    expect([names.label(2), names.prediction(2), names.label(1)]).toEqual([
      "(no label)",
      "(nothing there)",
      "dog",
    ]);
    expect(namesOf(["cat"], "sample").nothing).toBeNull();
  });

  it("is told in captions by what is wrong", () => {
    expect(captionOf(names, 2, 0, 1.5)).toMatchObject({ label: "cat", what: "(no label)" });
    expect(captionOf(names, 0, 2, 1)).toMatchObject({
      label: "cat",
      what: "(nothing there)",
      value: "1.0",
    });
    expect(captionOf(names, 0, 1, 0)).toMatchObject({ label: "cat", prediction: "dog" });
    expect(captionOf(names, 0, 1, -0.04).value).toBe("0.0");
  });
});

describe("what the model says should be done", () => {
  it("follows from label and prediction", () => {
    expect(wayTo(2, 1, names)).toMatchObject({ action: "add", label: "dog" });
    expect(wayTo(0, 2, names)).toMatchObject({ action: "remove" });
    expect(wayTo(0, 1, names)).toMatchObject({ action: "relabel", label: "dog" });
    expect(wayTo(0, 0, names)).toMatchObject({ action: "move" });
    expect(wayTo(2, 2, names)).toBeNull();
  });

  it("is nothing where it sees what the label says, whatever would be the likeliest error", () => {
    const object = (kind: string, label: number, prediction: number) =>
      ({
        kind,
        label,
        prediction,
        seen: [0, 0, 1, 1],
        probabilities: [{ label: 1, p: 0.01 }],
      }) as unknown as ObjectInfo;
    expect(proposedFor(object("class", 0, 0), names)).toBeNull();
    expect(proposedFor(object("spurious", 0, 0), names)).toBeNull();
    expect(proposedFor(object("class", 0, 1), names)).toMatchObject({ action: "relabel" });
    expect(proposedFor(object("spurious", 0, 2), names)).toMatchObject({ action: "remove" });
    expect(proposedFor(object("placement", 0, 0), names)).toMatchObject({ action: "move" });
    expect(proposedFor(object("missing", 2, 2), names)).toMatchObject({ action: "add" });
  });
});

describe("tags", () => {
  const tags = namesOf(["cat", "dog"], "tag");
  it("are added, removed and confirmed in words of their own", () => {
    expect(wayTo(2, 1, tags)).toMatchObject({ action: "add", label: "dog" });
    expect(wayTo(0, 2, tags)).toMatchObject({ action: "remove", text: "Remove the tag" });
    expect(confirmText(2, tags)).toBe("Not there");
    expect(confirmText(0, tags)).toBe("Confirm “cat”");
  });
});

describe("an object", () => {
  it("fills about a third of the room", () => {
    const place = placeOf([[0.5, 0.5, 0.02, 0.02]], picture, room);
    const share = Math.max((20 * place.scale) / room.width, (10 * place.scale) / room.height);
    expect(share).toBeCloseTo(0.36);
    expect([place.x, place.y]).toEqual([0.51, 0.51]);
  });

  it("that fills the picture is shown whole", () => {
    expect(placeOf([[0, 0, 1, 1]], picture, room).scale).toBe(0.8);
  });

  it("is looked at with both of its boxes", () => {
    expect(
      around([
        [0.1, 0.1, 0.2, 0.2],
        [0.2, 0, 0.4, 0.2],
      ]),
    ).toEqual([0.1, 0, expect.closeTo(0.5), expect.closeTo(0.3)]);
    expect(overlapOf([0, 0, 0.2, 0.2], [0.1, 0, 0.2, 0.2])).toBeCloseTo(1 / 3);
  });
});

describe("an outline", () => {
  const box = [0.2, 0.2, 0.4, 0.4] as const;
  it("is moved within the picture", () => {
    expect(adjusted(box, "all", 0.9, -0.9, 0.01)).toEqual([0.6, 0, 0.4, 0.4]);
  });

  it("keeps the sides that are not dragged", () => {
    const [left, top, width, height] = adjusted(box, "se", 0.1, -0.1, 0.01);
    expect([left, top]).toEqual([0.2, 0.2]);
    expect([width, height]).toEqual([expect.closeTo(0.5), expect.closeTo(0.3)]);
    expect(adjusted(box, "nw", 0.1, 0.1, 0.01)[0]).toBeCloseTo(0.3);
  });

  it("never turns over", () => {
    expect(adjusted(box, "e", -0.9, 0, 0.01)[2]).toBeCloseTo(0.01);
    expect(adjusted(box, "n", 0, 0.9, 0.01)[3]).toBeCloseTo(0.01);
  });
});

describe("the objects of an image", () => {
  const member = (row: number, decided = "", skipped = false) => ({ row, decided, skipped });

  it("are gone through by what is open, from the beginning again", () => {
    const members = [member(7), member(5, "confirmed"), member(9, "", true), member(3)];
    expect(nextOpen(members, null)).toBe(7);
    expect(nextOpen(members, 7)).toBe(3);
    expect(nextOpen(members, 3)).toBe(7);
    expect(nextOpen([member(7)], 7)).toBeNull();
    expect(nextOpen([], null)).toBeNull();
  });

  it("are chosen by a digit, of many by two", () => {
    expect(numberOf(2, null, 0, 3)).toBe(2);
    expect(numberOf(4, null, 0, 3)).toBeNull();
    expect(numberOf(0, null, 0, 12)).toBeNull();
    const one = { number: 1, at: 100 };
    expect(numberOf(2, one, 300, 12)).toBe(12);
    expect(numberOf(0, one, 300, 12)).toBe(10);
    expect(numberOf(2, one, 300, 11)).toBe(2);
    expect(numberOf(2, one, 2000, 12)).toBe(2);
  });

  it("have numbers that lie over no other number and within the picture's frame", () => {
    const room = { width: 400, height: 300 };
    const laid = { left: 0, top: 0, width: 400, height: 300 };
    const boxes: Box[] = [
      [0, 0, 0.1, 0.1],
      [0.01, 0.01, 0.1, 0.1],
      [0.9, 0.9, 0.1, 0.1],
      [0, 0, 1, 1],
      [0.5, 0.5, 0.02, 0.02],
      [0.51, 0.5, 0.02, 0.02],
    ];
    const places = labelPlaces(boxes, laid, room);
    expect(places).toHaveLength(boxes.length);
    places.forEach((a, i) => {
      expect(a.left).toBeGreaterThanOrEqual(0);
      expect(a.left).toBeLessThanOrEqual(380);
      expect(a.top).toBeGreaterThanOrEqual(0);
      expect(a.top).toBeLessThanOrEqual(282);
      for (const b of places.slice(0, i))
        expect(Math.abs(a.left - b.left) >= 20 || Math.abs(a.top - b.top) >= 18).toBe(true);
    });
  });
});

describe("labels that are selected", () => {
  const stage = (name: string, field: string) => ({
    _cls: `fiftyone.core.stages.${name}`,
    kwargs: [
      ["field", field],
      ["_state", null],
    ],
  });

  it("are patches where FiftyOne shows patches of their field", () => {
    expect(patchesOf([stage("Match", "x"), stage("ToPatches", "boxes")])).toBe("boxes");
    expect(patchesOf([stage("FilterLabels", "boxes"), null])).toBeNull();
    const owners = new Map([
      ["a", { sample: "s", field: "boxes" }],
      ["b", { sample: "t", field: "run_missing" }],
    ]);
    const missing = { labelId: "b", field: "run_missing", sampleId: "t" };
    expect(parted(["a", "b", "?"], owners, "boxes")).toEqual({
      asPatches: ["a"],
      asLabels: [missing],
    });
    expect(parted(["a", "b"], owners, null)).toEqual({
      asPatches: [],
      asLabels: [{ labelId: "a", field: "boxes", sampleId: "s" }, missing],
    });
  });
});
