// What was decided on and so taken out of FiftyOne's selection, which FiftyOne may bring back.

/** After which what is selected again is meant: FiftyOne brings back what its server still has. */
export const BACK_MS = 10_000;

/** Each that comes back is taken out once more, unless it was chosen here. */
export class TakenOut {
  private readonly until = new Map<string, number>();

  take(ids: Iterable<string>, now: number) {
    for (const id of ids) this.until.set(id, now + BACK_MS);
  }

  chosen(ids: Iterable<string>) {
    for (const id of ids) this.until.delete(id);
  }

  /** Those of the selected that nobody chose; they are told once. */
  back(selected: Iterable<string>, now: number): string[] {
    for (const [id, until] of this.until) if (until <= now) this.until.delete(id);
    return [...selected].filter((id) => this.until.delete(id));
  }
}
