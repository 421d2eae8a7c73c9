// Which presses count: one for each thing that is on screen, none that comes before it is drawn.

export type Why = "unseen" | "early" | "again" | "twice" | "changed" | "held" | "busy" | "none";

/**
 * The same act, or the same key, again within this time is one press that bounced; nobody looks and
 * decides so fast. By then the key may do something else.
 */
export const DOUBLE_MS = 300;

/** Who presses so soon after something came on screen means what was there before. */
export const SETTLE_MS = 150;

/** What an act does with what is on screen: decides on it, marks a part of it, or neither. */
export type About = "whole" | "part" | "nothing";

export class Gate {
  private last = { act: "", by: null as unknown, at: Number.NEGATIVE_INFINITY };
  private used = false;
  private since = Number.NEGATIVE_INFINITY;

  /** @param settle how long what came on screen must have been there, in ms */
  constructor(private readonly settle = SETTLE_MS) {}

  /** Something came on screen at that time, or came again: it can be decided on once. */
  shows(at: number) {
    this.used = false;
    this.since = at;
  }

  /** What is on screen can be decided on again. */
  free() {
    this.used = false;
  }

  /**
   * Why an act does not count; null where it does.
   *
   * @param shown whether what it is about has been drawn
   * @param at when it was asked for, in ms: where the window is busy, a press waits to be handled
   * @param by the key or button that asked for it; null where it is not known
   */
  why(act: string, about: About, shown: boolean, at: number, by: unknown = null): Why | null {
    const same = act === this.last.act || (by !== null && by === this.last.by);
    const twice = same && at - this.last.at < DOUBLE_MS;
    this.last = { act, by, at };
    if (twice) return "twice";
    if (about === "nothing") return null;
    if (!shown || at < this.since) return "unseen";
    if (at < this.since + this.settle) return "early";
    if (about === "part") return null;
    if (this.used) return "again";
    this.used = true;
    return null;
  }
}
