// Who asks first: what a person waits for goes at once, what fills the screen meanwhile lets it pass.
import type { EventName } from "./events";

const AWAITED: ReadonlySet<EventName> = new Set<EventName>([
  "resolve",
  "resolve_objects",
  "resolve_group",
  "undo",
  "overview",
  "cell",
  "queue",
  "samples",
  "objects",
]);
const MEANWHILE: ReadonlySet<EventName> = new Set<EventName>([
  "thumbnails",
  "pairs",
  "context",
  "layout",
  "pulse",
  "recent",
]);

/** Runs work now or, where it can wait, as soon as nothing that is awaited is under way. */
export class Turns {
  private awaited = 0;
  private waiting: (() => void)[] = [];

  take<T>(name: EventName, work: () => Promise<T>): Promise<T> {
    if (AWAITED.has(name)) {
      this.awaited++;
      return work().finally(() => {
        this.awaited--;
        // What follows from the answer is asked first: a decision, then the overview.
        setTimeout(() => this.release());
      });
    }
    if (!this.awaited || !MEANWHILE.has(name)) return work();
    return new Promise<void>((start) => this.waiting.push(start)).then(() => this.take(name, work));
  }

  private release() {
    if (!this.awaited) for (const start of this.waiting.splice(0)) start();
  }
}
