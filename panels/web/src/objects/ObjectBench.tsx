// Crops to choose from, the object in focus beside them in its image, and what became of the last act.
import * as React from "react";
import type { ObjectInfo } from "../events";
import type { usePicked } from "../parts/usePicked";
import { Workbench } from "../parts/Workbench";
import type { Thumbnails } from "../thumbnails";
import { useNames } from "./names";
import { type Chosen, ObjectActs } from "./ObjectActs";
import { ObjectInspect } from "./ObjectInspect";
import { otherClasses } from "./ways";

interface Props {
  label: string;
  revision?: number;
  head?: React.ReactNode;
  instead?: React.ReactNode;
  picked: ReturnType<typeof usePicked>;
  /** How many can be selected. */
  all: number;
  thumbnails: Thumbnails;
  /** What is known of the objects on screen. */
  known: readonly Chosen[];
  children: React.ReactNode;
}

const HINTS: Record<string, string> = {
  object: "Click an object to see it in its image.",
  tag: "Click a picture to see its tag in question.",
};
const MORE = "Ctrl or Cmd adds one to the selection, Shift all up to it.";

export function ObjectBench(props: Props) {
  const { picked, all, thumbnails, known, children, label, revision, head, instead } = props;
  const names = useNames();
  const hint = `${HINTS[names.thing]} ${MORE}`;
  const { focus, chosen } = picked;
  const object = picked.sample as ObjectInfo | null;
  const drawn = focus !== null && thumbnails.get(focus) !== undefined;
  const selected = React.useMemo(() => {
    const wanted = new Set(chosen);
    return known.filter((one) => wanted.has(one.row));
  }, [known, chosen]);
  return (
    <Workbench
      label={label}
      {...(revision === undefined ? {} : { revision })}
      head={head}
      instead={instead}
      focus={focus}
      sample={object}
      drawn={drawn}
      hint={hint}
      inspect={<ObjectInspect object={object} chosen={focus !== null} hint={hint} />}
      chosen={{
        chosen: chosen.length,
        what: names.thing,
        onClear: picked.clear,
        all: { samples: all, onSelect: picked.all },
      }}
      acts={
        <ObjectActs
          chosen={selected}
          probable={object ? otherClasses(object, names).map((other) => other.label) : []}
          onDone={picked.done}
          shown={drawn || (object !== null && object.row === focus)}
        />
      }
    >
      {children}
    </Workbench>
  );
}
