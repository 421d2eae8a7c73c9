// The requests for second opinions of a run, and which of them is open, to be answered or settled.
import * as React from "react";
import type { OpinionInfo } from "../events";
import { isObject, orNull, useKeptHere } from "../kept";
import { useSession } from "../session";
import { useAsk } from "../useAsk";
import { answersGiven } from "./ways";

interface Opened {
  id: string;
  settle: boolean;
}

const isOpened = orNull(
  (value: unknown): value is Opened =>
    isObject(value) && typeof value.id === "string" && typeof value.settle === "boolean",
);

export function useOpinions() {
  const { key, revision } = useSession();
  const { reply, problem, retry } = useAsk("opinions", { run: key.run }, [revision]);
  const [opened, setOpened] = useKeptHere<Opened | null>("progress/opinion", null, isOpened);
  // What was opened stays as it was while its numbers are asked anew.
  const found = reply?.opinions.find(({ id }) => id === opened?.id) ?? null;
  const last = React.useRef<OpinionInfo | null>(null);
  if (last.current?.id !== found?.id) last.current = found;
  return {
    open: opened ? (opened.settle ? found : last.current) : null,
    settling: opened?.settle ?? false,
    close: () => {
      setOpened(null);
      last.current = null;
      retry();
      void answersGiven().then(retry);
    },
    card: {
      reply,
      problem,
      onChanged: retry,
      onOpen: (id: string, settle: boolean) => setOpened({ id, settle }),
    },
  };
}
