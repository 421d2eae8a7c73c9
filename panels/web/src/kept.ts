// What this browser keeps of a dataset, so that a reload loses nothing: choices, the screen, places.
import * as React from "react";

export type Guard<T> = (value: unknown) => value is T;
type Change<T> = (value: T | ((old: T) => T)) => void;

const PREFIX = "deconfuse";
/** Iterations of a dataset of which something is kept. */
const ITERATIONS_KEPT = 8;

/** Ids of the dataset, and of the iteration whose rows and classes are meant. */
export const KeptContext = React.createContext({ dataset: "", iteration: "" });

const pathOf = (dataset: string, name: string) => `${PREFIX}/${dataset}/${name}`;

/** A window's own values go first: another one of the same dataset may be somewhere else. */
const stores = () => [window.sessionStorage, window.localStorage];

/** What is kept under a path; `first` where there is nothing that passes. */
export function read<T>(path: string, first: T, is: Guard<T>): T {
  try {
    for (const store of stores()) {
      const text = store.getItem(path);
      const value: unknown = text === null ? undefined : JSON.parse(text);
      if (text !== null && is(value)) return value;
    }
  } catch {
    // A browser that keeps nothing, or what no panel of ours wrote.
  }
  return first;
}

export function write(path: string, value: unknown) {
  try {
    for (const store of stores()) store.setItem(path, JSON.stringify(value));
  } catch {
    // Full, or not allowed: it is lost on reload, and all else goes on.
  }
}

/** Forgets the iterations that were not looked at for the longest time. */
export function remember(dataset: string, iteration: string) {
  const path = pathOf(dataset, "iterations");
  const known = read(path, [] as string[], isTexts).filter((other) => other !== iteration);
  write(path, [iteration, ...known.slice(0, ITERATIONS_KEPT - 1)]);
  try {
    for (const old of known.slice(ITERATIONS_KEPT - 1)) {
      const start = pathOf(dataset, `${old}/`);
      for (const store of stores()) {
        for (const name of Object.keys(store)) if (name.startsWith(start)) store.removeItem(name);
      }
    }
  } catch {
    // As above.
  }
}

/** Who shows what is kept under a path: one that changes it tells the others. */
const watchers = new Map<string, Set<(value: unknown) => void>>();

function watch(path: string, told: (value: unknown) => void) {
  const those = watchers.get(path) ?? new Set();
  watchers.set(path, those.add(told));
  return () => {
    those.delete(told);
    if (!those.size && watchers.get(path) === those) watchers.delete(path);
  };
}

function useStored<T>(path: string | null, first: T, is: Guard<T>): [T, Change<T>] {
  const load = () => (path === null ? first : read(path, first, is));
  const [held, setHeld] = React.useState(() => ({ path, value: load() }));
  // Another path has another value, at once.
  const now = held.path === path ? held : { path, value: load() };
  if (now !== held) setHeld(now);
  const latest = React.useRef(now);
  latest.current = now;
  const tell = React.useCallback((value: unknown) => {
    latest.current = { path: latest.current.path, value: value as T };
    setHeld(latest.current);
  }, []);
  React.useEffect(() => (path === null ? undefined : watch(path, tell)), [path, tell]);
  const change = React.useCallback<Change<T>>(
    (next) => {
      const { path: at, value: old } = latest.current;
      const value = typeof next === "function" ? (next as (old: T) => T)(old) : next;
      latest.current = { path: at, value };
      setHeld(latest.current);
      if (at === null) return;
      write(at, value);
      for (const told of watchers.get(at) ?? []) if (told !== tell) told(value);
    },
    [tell],
  );
  return [now.value, change];
}

/** As `useState`, for a choice that holds for the whole dataset. `dataset` where no context says it. */
export function useKept<T>(name: string, first: T, is: Guard<T>, dataset?: string) {
  const context = React.useContext(KeptContext);
  const id = dataset ?? context.dataset;
  return useStored(id ? pathOf(id, name) : null, first, is);
}

/** As `useState`, for what is about rows or classes of the iteration that is shown. */
export function useKeptHere<T>(name: string, first: T, is: Guard<T>) {
  const { dataset, iteration } = React.useContext(KeptContext);
  const path = dataset && iteration ? pathOf(dataset, `${iteration}/${name}`) : null;
  return useStored(path, first, is);
}

export const isNumber: Guard<number> = (value): value is number => Number.isFinite(value);
export const isFlag: Guard<boolean> = (value): value is boolean => typeof value === "boolean";
const isTexts: Guard<string[]> = (value): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");
export const isText: Guard<string> = (value): value is string => typeof value === "string";
/** A row, a class or a place in a list. */
export const isIndex: Guard<number> = (value): value is number =>
  Number.isInteger(value) && (value as number) >= 0;
export const isRows: Guard<number[]> = (value): value is number[] =>
  Array.isArray(value) && value.every(isIndex);
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function oneOf<T extends string>(...values: readonly T[]): Guard<T> {
  return (value): value is T => values.includes(value as T);
}

export function orNull<T>(is: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || is(value);
}
