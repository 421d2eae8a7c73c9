// What can be done with the object in front, each with its key; removing stands apart.
import * as React from "react";
import type { ObjectInfo } from "../events";
import { KeyButton as Key } from "../parts/KeyButton";
import { useNames } from "./names";
import { confirmText, removeText, type Way } from "./ways";

export interface ObjectDeeds {
  accept: () => void;
  confirm: () => void;
  choose: () => void;
  remove: () => void;
  adjust: () => void;
  save: () => void;
  leave: () => void;
  edit: () => void;
  skip: () => void;
  takeBack: () => void;
}

interface Props {
  acts: ObjectDeeds;
  object: ObjectInfo | null;
  proposed: Way | null;
  adjusting: boolean;
  chooseRef: React.Ref<HTMLButtonElement>;
}

export function ObjectButtons({ acts, object, proposed, adjusting, chooseRef }: Props) {
  const names = useNames();
  const idle = object === null;
  const missing = object?.label === names.nothing;
  const what = names.thing === "tag" ? "tag" : "class";
  if (adjusting)
    return (
      <>
        <p className="dcf-note" role="status">
          Drag the edges and corners, or use the arrow keys; e switches between moving and sizing.
        </p>
        <div className="dcf-queue-buttons dcf-object-buttons">
          <Key tip="objectSave" icon="check" onClick={acts.save} disabled={idle}>
            {missing ? "Add with this outline" : "Save the outline"}
          </Key>
          <Key tip="objectLeave" icon="close" onClick={acts.leave} disabled={false}>
            As it was
          </Key>
        </div>
      </>
    );
  return (
    <>
      <div className="dcf-queue-buttons dcf-object-buttons">
        <Key
          tip="objectAccept"
          icon="accept"
          onClick={acts.accept}
          disabled={idle || proposed === null}
        >
          {proposed?.text ?? "Accept"}
        </Key>
        <Key tip="objectConfirm" icon="check" onClick={acts.confirm} disabled={idle}>
          {object ? confirmText(object.label, names) : "Confirm"}
        </Key>
        <Key
          tip="objectChoose"
          icon="edit"
          onClick={acts.choose}
          disabled={idle}
          buttonRef={chooseRef}
        >
          {missing ? `Add another ${what}…` : `Other ${what}…`}
        </Key>
        {names.thing === "object" && (
          <Key tip="objectAdjust" icon="fit" onClick={acts.adjust} disabled={idle}>
            Adjust
          </Key>
        )}
        <Key tip="objectEdit" icon="edit" onClick={acts.edit} disabled={idle}>
          Edit in FiftyOne
        </Key>
        <Key tip="objectSkip" icon="skip" onClick={acts.skip} disabled={idle}>
          Skip
        </Key>
        <Key tip="undo" icon="undo" onClick={acts.takeBack} disabled={false}>
          Undo
        </Key>
      </div>
      {!missing && proposed?.action !== "remove" && (
        <div className="dcf-queue-apart">
          <Key tip="objectRemove" icon="remove" onClick={acts.remove} disabled={idle} danger>
            {removeText(names)}
          </Key>
        </div>
      )}
    </>
  );
}
