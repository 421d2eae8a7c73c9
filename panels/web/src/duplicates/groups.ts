// Groups of near-duplicates as the screen knows them, page by page.
import type { DuplicateGroup, DuplicatesReply } from "../events";
import { fixed } from "../format";

/** One sample of a group. */
export interface Member {
  row: number;
  id: string;
  label: string;
  split: string;
  decision: string;
  width: number;
  height: number;
  inView: boolean;
  /** Of labels on one object: theirs, and what is seen there. */
  box?: [number, number, number, number];
  prediction: string;
}

export interface Groups {
  reply: DuplicatesReply;
  list: DuplicateGroup[];
  members: ReadonlyMap<number, Member>;
}

export function membersOf(
  { samples }: DuplicatesReply,
  named: (prediction: number) => string = () => "",
): Map<number, Member> {
  return new Map(
    samples.row.map((row, i) => [
      row,
      {
        row,
        id: samples.id[i] ?? "",
        label: samples.current_label[i] ?? "",
        split: samples.split[i] ?? "",
        decision: samples.decision[i] ?? "",
        width: samples.width[i] ?? 0,
        height: samples.height[i] ?? 0,
        inView: samples.in_view[i] ?? true,
        prediction: named(samples.prediction[i] ?? -1),
        ...(samples.boxes?.[i] && { box: samples.boxes[i] }),
      },
    ]),
  );
}

/** What is known with another page; a page that begins anew replaces all. */
export function withPage(
  known: Groups | null,
  reply: DuplicatesReply,
  offset: number,
  named?: (prediction: number) => string,
): Groups {
  const base = offset > 0 && known && known.list.length === offset ? known : null;
  return {
    reply,
    list: [...(base?.list ?? []), ...reply.groups],
    members: new Map([...(base?.members ?? []), ...membersOf(reply, named)]),
  };
}

/** The labels of a group with their number, most frequent first. */
export function labelsOf(members: readonly Member[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { label } of members) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** What a group is called in words, for lists and for those who cannot see it. */
export function describe(group: DuplicateGroup, boxed = false): string {
  const kinds = [group.leak && "leak across splits", group.conflict && "different labels"];
  const what = kinds.filter(Boolean).join(", ");
  const alike = `${boxed ? "IoU" : "SSIM"} ${fixed(group.ses, 3)}`;
  const said = group.exact && !boxed ? "exact copies" : alike;
  return `${group.members} ${boxed ? "labels" : "images"}, ${what ? `${what}, ` : ""}${said}`;
}
