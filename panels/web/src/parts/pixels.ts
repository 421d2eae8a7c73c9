// Whether a picture is enlarged so much that its pixels are shown as they are, without blur.
import * as React from "react";

export const PIXELS_FROM = 4;

/** For an image that is fitted into its element; measured before it is painted. */
export function usePixels(
  image: React.RefObject<HTMLImageElement | null>,
  { width, height }: { width: number; height: number },
): boolean {
  const [pixels, setPixels] = React.useState(false);
  React.useLayoutEffect(() => {
    const now = image.current;
    if (!now || !width || !height) return;
    const measure = () =>
      setPixels(Math.min(now.clientWidth / width, now.clientHeight / height) >= PIXELS_FROM);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(now);
    return () => observer.disconnect();
  }, [image, width, height]);
  return pixels;
}
