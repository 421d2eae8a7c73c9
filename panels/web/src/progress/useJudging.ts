// Acts on what is judged in turn; each counts once, for what has been shown.
import { useGate, useShown } from "../acts/useShown";
import type { AuditInfo } from "../events";
import { useAuditItems, type Ways } from "./useAuditItems";

export function useJudging<Item extends { place: number }, Verdict>(
  info: AuditInfo,
  ways: Ways<Item, Verdict>,
) {
  const audit = useAuditItems(info, ways);
  const { item } = audit;
  const [shown, setShown] = useShown(item ? String(item.place) : null);
  const { pass } = useGate(shown);
  return {
    audit,
    item,
    shown,
    pass,
    onShown: () => {
      if (item) setShown(String(item.place));
    },
    judge: (verdict: Verdict) => {
      if (item && pass(JSON.stringify(verdict))) audit.judge(item.place, verdict);
    },
    skip: () => {
      if (item && pass("skip")) audit.skip(item.place);
    },
    takeBack: () => {
      if (pass("undo", "nothing")) audit.takeBack();
    },
  };
}
