// As many cells as a row's width holds, none of them cut.
import * as React from "react";

const NARROWEST = 112;
const NARROWEST_WITH_PICTURES = 128;

/** The width of a cell with which whole cells fill what is right of the rows' heads. */
export function cellWidth(room: number, pictures: boolean): number {
  const least = pictures ? NARROWEST_WITH_PICTURES : NARROWEST;
  return Math.max(least, Math.floor(room / Math.max(1, Math.floor(room / least))));
}

/** What a scrollbar takes. It is left free also where there is none: its coming must change no size. */
function barWidth(): number {
  const probe = document.createElement("div");
  probe.style.cssText = "position: absolute; width: 50px; height: 50px; overflow: scroll";
  document.body.append(probe);
  const width = probe.offsetWidth - probe.clientWidth;
  probe.remove();
  return width;
}

export function useCellWidth(
  list: React.RefObject<HTMLElement | null>,
  pictures: boolean,
  there: boolean,
): number {
  const [room, setRoom] = React.useState(600);
  React.useLayoutEffect(() => {
    const element = there ? list.current : null;
    if (!element) return;
    const measure = () => {
      const head = Number.parseFloat(getComputedStyle(element).getPropertyValue("--dcf-head"));
      setRoom(element.offsetWidth - barWidth() - (head || 0));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [list, there]);
  return cellWidth(room, pictures);
}
