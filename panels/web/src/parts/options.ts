// What is offered while a class is typed.

export interface Option {
  name: string;
  hint: string;
}

const MOST = 100;

/** Existing classes for what was typed: likely ones first, then by name. */
export function optionsFor(
  typed: string,
  classes: readonly string[],
  first: readonly number[],
): Option[] {
  const wanted = typed.trim().toLocaleLowerCase();
  const ahead = [...new Set(first)];
  const rest = classes
    .map((_, at) => at)
    .filter((at) => !ahead.includes(at))
    .sort((a, b) =>
      (classes[a] ?? "").localeCompare(classes[b] ?? "", undefined, { numeric: true }),
    );
  const matches = (at: number) => (classes[at] ?? "").toLocaleLowerCase().includes(wanted);
  const starts = (at: number) => (classes[at] ?? "").toLocaleLowerCase().startsWith(wanted);
  const found = [...ahead, ...rest].filter(matches);
  const ordered = wanted ? [...found.filter(starts), ...found.filter((at) => !starts(at))] : found;
  return ordered
    .slice(0, MOST)
    .map((at) => ({ name: classes[at] ?? "", hint: ahead.includes(at) ? "probable" : "" }));
}

/** Whether a name would be a class that is not there yet. */
export const isNew = (name: string, classes: readonly string[]) =>
  name !== "" && !classes.includes(name);
