// Where the camera of the map has all points in sight, and whether it still stands there.

/** How far away it is where all of [-1, 1] is seen both ways, with some air around. */
export function distanceToFit(room: { clientWidth: number; clientHeight: number }): number {
  return 1.06 * Math.max(1, room.clientHeight / Math.max(room.clientWidth, 1));
}

/** A share of the distance: the library keeps the camera in single precision. */
const NEAR = 1e-4;

/** Whether nobody has zoomed or panned since the camera was put over the middle at a distance. */
export function isFitted(
  distance: number,
  target: readonly [number, number],
  fitted: number,
): boolean {
  return Math.max(Math.abs(distance - fitted), ...target.map(Math.abs)) < NEAR * fitted;
}
