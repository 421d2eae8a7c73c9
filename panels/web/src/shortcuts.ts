// Every shortcut of the panel, the one list that the help overlay, the buttons and the guide go by.
import * as React from "react";
import { drop } from "./acts/dropped";

export type Scope =
  | "everywhere"
  | "overview"
  | "cell"
  | "queue"
  | "ranking"
  | "duplicates"
  | "map"
  | "progress"
  | "audit"
  | "outlines"
  | "objects"
  | "tags"
  | "images"
  | "image";

export interface Shortcut {
  /** As the browser names them, see `written` for how they are shown. */
  keys: readonly string[];
  scope: Scope | readonly Scope[];
  does: string;
  /** Keys that do the same and are not worth telling: the same key without Shift. */
  also?: readonly string[];
  /** Taken by what has the focus, not bound to the screen. */
  local?: true;
}

const ARROWS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"] as const;

export const SHORTCUTS = {
  help: { keys: ["?"], scope: "everywhere", does: "Show or hide this list" },
  takeKeys: {
    keys: ["F6"],
    scope: "everywhere",
    does: "Give the keys to this panel, from elsewhere in the App",
    local: true,
  },
  undo: { keys: ["u"], scope: "everywhere", does: "Undo the last decision" },
  overview: { keys: ["o"], scope: "everywhere", does: "Go to the overview" },
  queue: { keys: ["q"], scope: "everywhere", does: "Go to the queue" },
  ranking: { keys: ["w"], scope: "everywhere", does: "Go to the ranking" },
  map: { keys: ["m"], scope: "everywhere", does: "Go to the map of the dataset" },
  duplicates: { keys: ["n"], scope: "everywhere", does: "Go to the near-duplicates" },
  progress: { keys: ["p"], scope: "everywhere", does: "Go to the progress of the run" },
  whole: { keys: ["f"], scope: "everywhere", does: "Take the whole window, or leave it" },
  leaveWhole: {
    keys: ["Escape"],
    scope: "everywhere",
    does: "Leave the whole window first",
  },
  back: {
    keys: ["Escape"],
    scope: ["queue", "tags", "duplicates", "progress", "audit"],
    does: "Go back",
  },
  move: {
    keys: [...ARROWS, "Home", "End", "PageUp", "PageDown"],
    scope: "overview",
    does: "Move from cell to cell",
    local: true,
  },
  open: { keys: ["Enter"], scope: "overview", does: "Open the cell", local: true },
  annotators: {
    keys: ["ArrowUp", "ArrowDown", "PageUp", "PageDown"],
    scope: "progress",
    does: "Move from annotator to annotator",
    local: true,
  },
  confirm: {
    keys: ["c"],
    scope: ["cell", "ranking", "map"],
    does: "Confirm the label of the selected samples",
  },
  accept: {
    keys: ["a"],
    scope: ["cell", "ranking"],
    does: "Give the selected samples their prediction",
  },
  relabel: {
    keys: ["r"],
    scope: ["cell", "ranking", "map"],
    does: "Choose another label for the selected samples",
  },
  remove: {
    keys: ["x"],
    scope: ["cell", "ranking", "map"],
    does: "Remove the selected samples from the dataset",
  },
  tag: { keys: ["t"], scope: ["cell", "ranking", "map"], does: "Tag the selected samples" },
  all: { keys: ["e"], scope: ["cell", "ranking"], does: "Select every sample shown" },
  none: {
    keys: ["Escape"],
    scope: ["cell", "ranking", "map"],
    does: "Clear the selection, then go back",
  },
  pages: {
    keys: ["b"],
    scope: ["cell", "ranking"],
    does: "Pages on or off",
  },
  pageDecide: {
    keys: ["Enter"],
    scope: ["cell", "ranking"],
    does: "Pages: decide on the page",
  },
  pageMark: {
    keys: [" "],
    scope: ["cell", "ranking"],
    does: "Pages: mark an exception, or unmark it",
    local: true,
  },
  pageMove: {
    keys: [...ARROWS],
    scope: ["cell", "ranking"],
    does: "Move from image to image",
    local: true,
  },
  pageNext: {
    keys: ["PageDown"],
    scope: ["cell", "ranking"],
    does: "Pages: next page",
  },
  pageBefore: {
    keys: ["PageUp"],
    scope: ["cell", "ranking"],
    does: "Pages: page before",
  },
  layout: { keys: ["l"], scope: "cell", does: "Lay the images out again" },
  view: { keys: ["g"], scope: "cell", does: "Switch between map and grid" },
  zoomIn: {
    keys: ["+"],
    also: ["="],
    scope: ["cell", "map", "queue", "audit", "image"],
    does: "Zoom in",
  },
  zoomOut: { keys: ["-"], scope: ["cell", "map", "queue", "audit", "image"], does: "Zoom out" },
  fit: { keys: ["0"], scope: ["cell", "map"], does: "Show the whole map" },
  pick: {
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"],
    scope: "queue",
    does: "Give the sample the class with that number",
  },
  queueConfirm: { keys: ["c"], scope: "queue", does: "Confirm the label" },
  queueAccept: { keys: ["a"], scope: "queue", does: "Accept the prediction" },
  queueRelabel: { keys: ["r"], scope: "queue", does: "Choose a label from all classes" },
  queueRemove: { keys: ["x"], scope: "queue", does: "Remove the sample from the dataset" },
  queueSkip: { keys: ["s"], scope: "queue", does: "Skip the sample for now" },
  enlarge: {
    keys: ["z"],
    scope: ["cell", "ranking", "map"],
    does: "Enlarge the image over the whole panel",
  },
  fullSize: {
    keys: ["z"],
    scope: ["queue", "audit", "image"],
    does: "Full size (1:1), or the whole image again",
  },
  pictureMove: {
    keys: [...ARROWS],
    scope: ["queue", "audit", "image"],
    does: "Move an enlarged image; with Light on, change brightness and contrast",
  },
  lighting: {
    keys: ["b"],
    scope: ["queue", "audit", "image"],
    does: "Brightness and contrast by dragging, on or off",
  },
  lightReset: {
    keys: ["d"],
    scope: ["queue", "audit", "image"],
    does: "Show images in their own light again",
  },
  objectAccept: {
    keys: ["a"],
    scope: ["objects", "images", "tags"],
    does: "Do what the model says: add, remove, relabel, or take its outline",
  },
  objectConfirm: {
    keys: ["c"],
    scope: ["objects", "images", "tags"],
    does: "Confirm the label; where none is, that nothing is there",
  },
  objectImages: {
    keys: ["i"],
    scope: ["objects", "images"],
    does: "Go image by image, all suspects of each at once, or object by object",
  },
  imageChoose: {
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"],
    scope: "images",
    does: "Choose the object with that number; two digits quickly where there are more than nine",
  },
  imageNext: {
    keys: ["Enter"],
    scope: "images",
    does: "Go to the next image, and skip what is open; while adjusting Enter saves the outline",
  },
  objectPick: {
    keys: ["1", "2", "3", "4", "5"],
    scope: ["objects", "tags"],
    does: "Give it the class with that number",
  },
  objectChoose: {
    keys: ["r"],
    scope: ["objects", "images", "tags"],
    does: "Choose the class from all classes",
  },
  objectRemove: {
    keys: ["x"],
    scope: ["objects", "images", "tags"],
    does: "Remove the label, not the image",
  },
  objectSkip: { keys: ["s"], scope: ["objects", "images", "tags"], does: "Skip it for now" },
  objectEdit: {
    keys: ["g"],
    scope: ["objects", "images", "tags"],
    does: "Edit the image's labels in FiftyOne's own annotation",
  },
  objectAdjust: {
    keys: ["e"],
    scope: ["objects", "images", "outlines"],
    does: "Adjust the outline; again: size it in place of moving it",
  },
  objectNudge: {
    keys: [...ARROWS],
    scope: ["objects", "images", "outlines"],
    does: "While adjusting: move or size the outline",
  },
  objectSave: {
    keys: ["Enter"],
    scope: ["objects", "outlines"],
    does: "While adjusting: save the outline",
  },
  objectLeave: {
    keys: ["Escape"],
    scope: ["objects", "images", "outlines"],
    does: "Leave the outline as it was, then go back",
  },
  objectWhole: {
    keys: ["v"],
    scope: ["objects", "images", "image", "outlines"],
    does: "The whole image, or the object again",
  },
  objectOthers: {
    keys: ["h"],
    scope: ["objects", "images", "image", "outlines"],
    does: "Show or hide the other labels of the image",
  },
  closeEnlarged: { keys: ["Escape"], scope: "image", does: "Close the enlarged image" },
  context: {
    keys: ["k"],
    scope: ["cell", "queue", "ranking", "map", "image"],
    does: "Compare with typical images and nearest neighbours, or hide them",
  },
  rankingReview: { keys: ["v"], scope: "ranking", does: "Go through the ranking one by one" },
  groupMove: {
    keys: ["ArrowUp", "ArrowDown"],
    scope: "duplicates",
    does: "Go to the group before or after",
  },
  groupPick: {
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    scope: "duplicates",
    does: "Choose the image with that number to be kept",
  },
  groupKeepOne: {
    keys: ["k"],
    scope: "duplicates",
    does: "Keep the chosen image, remove the others",
  },
  groupKeepAll: {
    keys: ["a"],
    scope: "duplicates",
    does: "Keep all; the group is never shown again",
  },
  groupRelabel: {
    keys: ["r"],
    scope: "duplicates",
    does: "Give all images of the group one label",
  },
  groupRemove: { keys: ["x"], scope: "duplicates", does: "Remove all images of the group" },
  groupDiffer: { keys: ["d"], scope: "duplicates", does: "Show or hide where two images differ" },
  mapTool: { keys: ["l"], scope: "map", does: "Switch between lasso and pan" },
  mapOutstanding: { keys: ["e"], scope: "map", does: "Select the samples with the highest value" },
  mapStep: {
    keys: ["ArrowLeft", "ArrowRight"],
    scope: "map",
    does: "Go through the selected samples",
  },
  auditPick: {
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"],
    scope: "audit",
    does: "The image shows the class with that number",
  },
  auditOther: { keys: ["r"], scope: "audit", does: "Choose from all classes what it shows" },
  auditUnclear: { keys: ["x"], scope: "audit", does: "Nobody can tell" },
  auditSkip: { keys: ["s"], scope: "audit", does: "Skip the image for now" },
  auditNothing: {
    keys: ["n"],
    scope: "outlines",
    does: "Nothing to label in the outline; nothing else is missing in the image; the tag asked about does not apply",
  },
  auditMissing: {
    keys: ["a"],
    scope: "outlines",
    does: "Draw what is missing in the image",
  },
} as const satisfies Record<string, Shortcut>;

export type ShortcutName = keyof typeof SHORTCUTS;

export const scopesOf = ({ scope }: Shortcut): readonly Scope[] =>
  typeof scope === "string" ? [scope] : scope;

/** A key as it is shown: `Page Up` for `PageUp`. */
export const written = (key: string) =>
  key === " "
    ? "Space"
    : key.replace(/(?<=[a-z])([A-Z])/g, (letter) =>
        key.startsWith("Arrow") ? ` ${letter.toLowerCase()}` : ` ${letter}`,
      );

const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
};

/** The same, as short as it is on a key. */
export const sign = (key: string) => SIGNS[key] ?? written(key);

export type Handlers = Record<string, (() => void) | undefined>;

/** Whether a key press belongs to whoever has the focus, not to the panel. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) {
    return !["checkbox", "radio", "button"].includes(target.type);
  }
  return (
    target.closest('[role="listbox"], [role="combobox"], [role="dialog"], [role="menu"]') !== null
  );
}

/** Whether a key leaves alone a list that has the focus and is closed: letters do nothing to it. */
function passesClosedList({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement) || target instanceof HTMLInputElement) return false;
  const closed = target.matches('[role="combobox"][aria-expanded="false"]');
  return closed && key !== "Enter" && key !== " " && !key.startsWith("Arrow");
}

/** Whether a key presses what has the focus; on a page of pictures Enter is about all of them. */
function isPress({ key, target }: KeyboardEvent): boolean {
  if ((key !== "Enter" && key !== " ") || !(target instanceof Element)) return false;
  return target.closest("button, a, summary, [role=button]") !== null && !onPage(target);
}

const onPage = (target: Element) => target.closest(".dcf-pagegrid .dcf-tile") !== null;

/** The handler that a key press calls for, if any. */
export function handlerFor(event: KeyboardEvent, handlers: Handlers): (() => void) | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return undefined;
  if (isPress(event) || (isTyping(event.target) && !passesClosedList(event))) return undefined;
  for (const name of namesOf(event)) if (handlers[name]) return handlers[name];
  return undefined;
}

/** What a key may be called: its character, else the digit or Latin letter that is its place. */
export function namesOf({ key, code }: { key: string; code?: string }): string[] {
  if (key.length !== 1) return [key];
  const plain = key.toLowerCase();
  // Shift and the French layout make other characters of the digits, other scripts of the letters.
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code ?? "")?.[1];
  const letter = /[^\0-\x7f]/.test(key) ? /^Key([A-Z])$/.exec(code ?? "")?.[1] : undefined;
  const place = digit ?? letter?.toLowerCase();
  return place === undefined || place === plain ? [plain] : [plain, place];
}

const HELD = /^(Arrow|Page|[-+=]$)/;

interface Layer {
  handlers: Handlers;
}

const layers: Layer[] = [];

/** The handler of the innermost layer that has one for a key press. */
export function innermost(event: KeyboardEvent, all: readonly Layer[]): (() => void) | undefined {
  for (const { handlers } of [...all].reverse()) {
    const handler = handlerFor(event, handlers);
    if (handler) return handler;
  }
  return undefined;
}

/** What shortcuts do on a screen; told is which of its keys it was. */
export type Bindings = { [N in ShortcutName]?: ((at: number) => void) | undefined };

/** The keys of shortcuts, from the list, with what each does. */
export function boundKeys(bindings: Bindings): Handlers {
  const handlers: Handlers = {};
  for (const [name, act] of Object.entries(bindings)) {
    if (!act) continue;
    const { keys, also }: Shortcut = SHORTCUTS[name as ShortcutName];
    keys.forEach((key, at) => {
      handlers[key] = () => act(at);
    });
    for (const key of also ?? []) handlers[key] = () => act(0);
  }
  return handlers;
}

/** Binds shortcuts of the list to what they do on a screen, as `useKeys` does. */
export const useShortcuts = (bindings: Bindings) => useKeys(boundKeys(bindings));

/**
 * Keys for as long as the calling component is on screen, while the person works in the panel.
 *
 * They are taken before FiftyOne's own listeners see them; what came on screen last goes first.
 */
export function useKeys(handlers: Handlers) {
  const active = React.useContext(ActiveContext);
  const layer = React.useRef<Layer>({ handlers });
  layer.current.handlers = handlers;
  React.useEffect(() => {
    const mine = layer.current;
    layers.push(mine);
    const listen = (event: KeyboardEvent) => {
      if (layers.at(-1) !== mine || !active.current(event.target)) return;
      const handler = innermost(event, layers);
      if (!handler) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      // Who holds a key moves on and on, but decides once.
      if (!event.repeat || HELD.test(event.key)) handler();
      else drop("held");
    };
    window.addEventListener("keydown", listen, true);
    return () => {
      layers.splice(layers.indexOf(mine), 1);
      window.removeEventListener("keydown", listen, true);
    };
  }, [active]);
}

type IsActive = (target: EventTarget | null) => boolean;

export const ActiveContext = React.createContext<React.MutableRefObject<IsActive>>({
  current: () => true,
});

export const KeyboardContext = React.createContext(true);

/** Whether keys go to the panel. */
export const useHasKeyboard = () => React.useContext(KeyboardContext);

/** What the panel opens on top of the page lies outside of it, but belongs to it. */
const ON_TOP = ".MuiModal-root, .MuiPopper-root";

/**
 * Whether the person works in the panel: the focus is in it, or nowhere after a click into it.
 *
 * `covered`: FiftyOne shows something above all, whose keys must decide on nothing that is below.
 */
export function useActive(
  root: React.RefObject<HTMLElement | null>,
  covered = false,
): [React.MutableRefObject<IsActive>, boolean] {
  const inside = React.useRef(true);
  const [has, setHas] = React.useState(true);
  const active = React.useRef<IsActive>(() => true);
  const isCovered = React.useRef(covered);
  isCovered.current = covered;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the keys come and go with what covers
  React.useEffect(() => setHas(active.current(document.activeElement)), [covered]);
  active.current = (target) => {
    if (covered) return false;
    if (target instanceof Node && root.current?.contains(target)) return true;
    return inside.current && (target === document.body || target === document.documentElement);
  };
  React.useEffect(() => {
    const onTop = (target: EventTarget | null) =>
      target instanceof Element && target.closest(ON_TOP) !== null;
    const look = () => {
      const focus = document.activeElement;
      if (!onTop(focus)) setHas(active.current(focus));
    };
    const note = (event: Event) => {
      const target = event.target;
      if (onTop(target)) return;
      inside.current = root.current?.contains(target as Node) ?? false;
      if (event.type === "pointerdown" && inside.current) takeFocus(root.current);
      look();
    };
    // A focus that is lost goes nowhere before it goes elsewhere.
    const later = () => window.setTimeout(look);
    const nowhere = () => document.activeElement === document.body;
    const early = (event: KeyboardEvent) => {
      if (!root.current || onTop(event.target) || isCovered.current) return;
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      // From nowhere Tab would go to FiftyOne's view bar, out of which it finds no way.
      const first = event.key === "Tab" && nowhere() && active.current(document.body);
      if (plain && first) root.current.focus({ preventScroll: true });
      if (!plain || event.key !== SHORTCUTS.takeKeys.keys[0]) return;
      event.preventDefault();
      root.current.focus({ preventScroll: true });
    };
    const late = (event: KeyboardEvent) => {
      const here = event.target === root.current || (nowhere() && active.current(event.target));
      if (here && !event.defaultPrevented && MOVES.test(event.key))
        toWhatMoves(root.current, event);
    };
    window.addEventListener("keydown", early, true);
    // FiftyOne keeps some of the arrow keys from the window.
    document.body.addEventListener("keydown", late);
    window.addEventListener("pointerdown", note, true);
    window.addEventListener("focusin", note, true);
    window.addEventListener("focusout", later, true);
    return () => {
      window.removeEventListener("keydown", early, true);
      document.body.removeEventListener("keydown", late);
      window.removeEventListener("pointerdown", note, true);
      window.removeEventListener("focusin", note, true);
      window.removeEventListener("focusout", later, true);
    };
  }, [root]);
  return [active, has];
}

const MOVES = /^(Arrow|Page|Home$|End$)/;
const MOVED_IN = [".dcf-annotator", ".dcf-cell-open", ".dcf-tile", ".dcf-map canvas"];

/** The first arrow key finds what the next ones move in: a cell, an image of a grid, a map. */
function toWhatMoves(root: HTMLElement | null, event: KeyboardEvent) {
  const found = root?.querySelector<HTMLElement>(MOVED_IN.map((s) => `${s}[tabindex="0"]`).join());
  if (!found) return;
  event.preventDefault();
  found.focus();
}

/** Takes the focus from the rest of the App: some of what is clicked does not do so by itself. */
function takeFocus(root: HTMLElement | null) {
  const focus = document.activeElement;
  if (root && focus && focus !== document.body && !root.contains(focus)) {
    root.focus({ preventScroll: true });
  }
}

const presses = ({ key, target }: React.KeyboardEvent) =>
  (key === "Enter" || key === " ") &&
  target instanceof Element &&
  target.closest("button") !== null;

/** Keeps a held Enter or Space from pressing a button again and again. */
export function pressOnce(event: React.KeyboardEvent) {
  if (!event.repeat || !presses(event)) return;
  event.preventDefault();
  drop("held");
}

/** Lets Enter press our buttons: FiftyOne's view bar takes it from any button of the App. */
export function keepPress(event: React.KeyboardEvent) {
  if (presses(event)) event.nativeEvent.stopPropagation();
}
