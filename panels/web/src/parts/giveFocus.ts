// Where the keyboard goes by arrow keys.

/**
 * Gives a part the keyboard, at once where it is drawn: the next key may come before the next frame, and must not meet
 * the part that had it.
 */
export function giveFocus(place: HTMLElement | null, selector: string) {
  const part = () => place?.querySelector<HTMLElement>(selector);
  const drawn = part();
  if (drawn) drawn.focus();
  else window.requestAnimationFrame(() => part()?.focus());
}
