// Which presses count: one for each thing that is on screen, none that comes before it is drawn.

export type Why = "unseen" | "again" | "twice" | "held" | "busy" | "none";

/** The same act again within this time is one press that bounced; nobody looks and decides so fast. */
export const DOUBLE_MS = 300;

export class Gate {
  private last = { act: "", at: Number.NEGATIVE_INFINITY };
  private used = false;
  private since = Number.NEGATIVE_INFINITY;

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
   * @param shown whether what it is about has been drawn; null for acts that are about no picture
   * @param at when it was asked for, in ms: where the window is busy, a press waits to be handled
   */
  why(act: string, shown: boolean | null, at: number): Why | null {
    const twice = act === this.last.act && at - this.last.at < DOUBLE_MS;
    this.last = { act, at };
    if (twice) return "twice";
    if (shown === null) return null;
    if (!shown || at < this.since) return "unseen";
    if (this.used) return "again";
    this.used = true;
    return null;
  }
}
