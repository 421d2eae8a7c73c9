import { describe, expect, it } from "vitest";
import { nextBatch } from "../src/thumbnails";
import { Turns } from "../src/turns";

function held() {
  let release = () => {};
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("turns", () => {
  it("lets a decision pass thumbnails, and starts them when it is done", async () => {
    const turns = new Turns();
    const decision = held();
    const log: string[] = [];
    void turns.take("resolve", () => decision.promise);
    void turns.take("thumbnails", async () => log.push("thumbnails"));
    await settle();
    expect(log).toEqual([]);
    decision.release();
    await settle();
    expect(log).toEqual(["thumbnails"]);
  });

  it("waits for all that is awaited, and goes on after a failure", async () => {
    const turns = new Turns();
    const [first, second] = [held(), held()];
    const log: string[] = [];
    const failed = turns.take("resolve", async () => {
      await first.promise;
      throw new Error("refused");
    });
    void turns.take("overview", () => second.promise);
    void turns.take("layout", async () => log.push("layout"));
    first.release();
    await expect(failed).rejects.toThrow("refused");
    await settle();
    expect(log).toEqual([]);
    second.release();
    await settle();
    expect(log).toEqual(["layout"]);
  });

  it("lets what follows from a decision go before what waited", async () => {
    const turns = new Turns();
    const [decision, overview] = [held(), held()];
    const log: string[] = [];
    const decided = turns.take("resolve", () => decision.promise);
    void turns.take("thumbnails", async () => log.push("thumbnails"));
    void decided.then(() => turns.take("overview", () => overview.promise));
    decision.release();
    await settle();
    await settle();
    expect(log).toEqual([]);
    overview.release();
    await settle();
    expect(log).toEqual(["thumbnails"]);
  });

  it("keeps nothing else waiting", async () => {
    const turns = new Turns();
    const log: string[] = [];
    void turns.take("resolve", () => held().promise);
    void turns.take("status", async () => log.push("status"));
    void turns.take("undo", async () => log.push("undo"));
    await settle();
    expect(log).toEqual(["status", "undo"]);
  });
});

describe("batches of thumbnails", () => {
  it("grow where they are quick and shrink where they are slow, within limits", () => {
    expect(nextBatch(96, 96, 50)).toBe(192);
    expect(nextBatch(96, 96, 150)).toBe(96);
    expect(nextBatch(96, 96, 300)).toBe(48);
    expect(nextBatch(96, 96, 60_000)).toBe(32);
    expect(nextBatch(512, 512, 1)).toBe(512);
  });

  it("are not judged by a few rows that were quick", () => {
    expect(nextBatch(256, 5, 20)).toBe(256);
    expect(nextBatch(256, 5, 300)).toBe(32);
  });
});
