import { expect, test } from "vitest";
import { AS_IT_IS, dragged, filterOf, isLight } from "../src/parts/light";
import { fitting, laid, moved, type Place, zoomed } from "../src/parts/zoom";

const picture = { width: 4000, height: 3000 };
const box = { width: 800, height: 800 };
const whole: Place = { scale: fitting(picture, box), x: 0.5, y: 0.5 };

/** Which pixel of the picture lies at a point of the box. */
const under = (place: Place, left: number, top: number) => {
  const at = laid(place, picture, box);
  return [(left - at.left) / place.scale, (top - at.top) / place.scale];
};

test("the whole picture is in sight and in the middle", () => {
  expect(laid(whole, picture, box)).toEqual({ left: 0, top: 100, width: 800, height: 600 });
});

test("what is under the pointer stays there", () => {
  let place = zoomed(whole, 1, picture, box, { left: 200, top: 300 });
  const before = under(place, 200, 300);
  expect(before[0]).toBeCloseTo(under(whole, 200, 300)[0] as number);
  place = zoomed(place, 3, picture, box, { left: 200, top: 300 });
  expect(under(place, 200, 300)[0]).toBeCloseTo(before[0] as number);
  expect(under(place, 200, 300)[1]).toBeCloseTo(before[1] as number);
});

test("it can be moved to its edges and not beyond", () => {
  const near = zoomed(whole, 1, picture, box);
  const corner = laid(moved(near, 1e6, 1e6, picture, box), picture, box);
  expect([corner.left, corner.top]).toEqual([0, 0]);
  const other = laid(moved(near, -1e6, -1e6, picture, box), picture, box);
  expect([other.left + other.width, other.top + other.height]).toEqual([800, 800]);
  expect(moved(near, 10, 0, picture, box).x).toBeCloseTo(0.5 - 10 / 4000);
});

test("neither the wheel nor the keys leave what can be seen", () => {
  expect(zoomed(whole, 1e9, picture, box).scale).toBe(16);
  expect(zoomed(whole, 1e-9, picture, box).scale).toBe(whole.scale);
  const digit = { width: 8, height: 8 };
  expect(zoomed({ scale: 100, x: 0.5, y: 0.5 }, 1e9, digit, box).scale).toBe(400);
  expect(zoomed({ scale: 100, x: 0.5, y: 0.5 }, 1, digit, box).scale).toBe(1);
});

test("upwards is brighter, to the right is more contrast, and both have bounds", () => {
  const up = dragged(AS_IT_IS, 0, -80);
  expect(up.brightness).toBeGreaterThan(1.5);
  expect(up.contrast).toBe(1);
  expect(dragged(AS_IT_IS, 80, 0).contrast).toBeGreaterThan(1.5);
  expect(isLight(dragged(AS_IT_IS, 1e9, -1e9))).toBe(true);
  expect(isLight(dragged(AS_IT_IS, -1e9, 1e9))).toBe(true);
  expect(filterOf(AS_IT_IS)).toBeUndefined();
  for (const wrong of [null, {}, { brightness: 0, contrast: 1 }, { brightness: "2", contrast: 1 }])
    expect(isLight(wrong)).toBe(false);
});
