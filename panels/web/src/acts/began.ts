// When what is being handled began, and by what: a click is an act of the moment at which its button went down.

let watching = false;
let down: number | null = null;

function note(event: Event) {
  if (!(event instanceof KeyboardEvent) || !event.repeat) down = event.timeStamp;
}

/** A click follows at once; what comes later has no press of its own. */
function forget() {
  window.setTimeout(() => {
    down = null;
  });
}

/** Begins to note when buttons and keys go down. */
export function watchPresses() {
  if (watching) return;
  watching = true;
  for (const begins of ["pointerdown", "keydown"]) window.addEventListener(begins, note, true);
  for (const ends of ["pointerup", "pointercancel", "keyup"])
    window.addEventListener(ends, forget, true);
}

/** When the event that is being handled began, in ms of `performance.now()`; now where there is none. */
export function beganAt(): number {
  const event = window.event;
  if (!event) return performance.now();
  if (event.type === "click" && event.isTrusted && down !== null) return down;
  return event.timeStamp;
}

/** The key or the button by which what is being handled was asked for; null where it was neither. */
export function pressedBy(): unknown {
  const event = window.event;
  if (event instanceof KeyboardEvent) return event.code || event.key;
  const clicked = event?.type === "click" ? event.target : null;
  return clicked instanceof Element ? clicked.closest("button") : null;
}
