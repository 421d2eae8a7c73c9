// The kinds of errors of objects, in words.

const KINDS: Record<string, string> = {
  class: "another class",
  spurious: "nothing there",
  placement: "badly placed",
  missing: "no label",
};

export const kindOf = (kind: string) => KINDS[kind] ?? kind;
