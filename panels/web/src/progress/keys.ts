// The keys that name classes in an audit.
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];

/** The key of each class on offer: its own digit where they are digits, otherwise its place. */
export function keysOf(names: readonly string[]): string[] {
  const digits = names.every((name) => /^\d$/.test(name));
  return names.map((name, at) => (digits ? name : (DIGITS[at] ?? "")));
}
