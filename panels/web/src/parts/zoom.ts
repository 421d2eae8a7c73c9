// Where an enlarged picture lies: in numbers alone, so that it can be tested.

export interface Size {
  width: number;
  height: number;
}

/** The scale in screen pixels a pixel of the picture, and the point of it that is in the middle. */
export interface Place {
  scale: number;
  /** From 0 to 1 of the picture's width and height. */
  x: number;
  y: number;
}

const MOST = 16;

/** The scale at which the whole picture is in sight, as large as it can be. */
export const fitting = (picture: Size, box: Size) =>
  Math.min(box.width / picture.width, box.height / picture.height);

/** A place that shows as much of the picture as it can: nothing is left empty that could be filled. */
export function within({ scale, x, y }: Place, picture: Size, box: Size): Place {
  const middle = (at: number, size: number, room: number) => {
    const half = room / 2 / (size * scale);
    return half >= 0.5 ? 0.5 : Math.min(1 - half, Math.max(half, at));
  };
  return {
    scale,
    x: middle(x, picture.width, box.width),
    y: middle(y, picture.height, box.height),
  };
}

/** Another scale, with the point of the picture that lies at (left, top) of the box left where it is. */
export function zoomed(
  place: Place,
  scale: number,
  picture: Size,
  box: Size,
  at: { left: number; top: number } = { left: box.width / 2, top: box.height / 2 },
): Place {
  const fit = fitting(picture, box);
  const next = Math.min(Math.max(scale, Math.min(fit, 1)), Math.max(MOST, 4 * fit));
  const kept = (middle: number, size: number, from: number, room: number) =>
    middle + ((from - room / 2) * (1 / place.scale - 1 / next)) / size;
  return within(
    {
      scale: next,
      x: kept(place.x, picture.width, at.left, box.width),
      y: kept(place.y, picture.height, at.top, box.height),
    },
    picture,
    box,
  );
}

/** Moved by so many pixels of the screen. */
export const moved = (place: Place, dx: number, dy: number, picture: Size, box: Size): Place =>
  within(
    {
      scale: place.scale,
      x: place.x - dx / (picture.width * place.scale),
      y: place.y - dy / (picture.height * place.scale),
    },
    picture,
    box,
  );

/** Where a picture lies in its box, in pixels of the screen. */
export interface Laid extends Size {
  left: number;
  top: number;
}

/** Left, top, width and height of the picture in its box. */
export const laid = ({ scale, x, y }: Place, picture: Size, box: Size): Laid => ({
  left: box.width / 2 - x * picture.width * scale,
  top: box.height / 2 - y * picture.height * scale,
  width: picture.width * scale,
  height: picture.height * scale,
});
