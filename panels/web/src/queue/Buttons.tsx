// What can be done with the sample in front, each with its key; removing stands apart.
import * as React from "react";
import { KeyButton as Key } from "../parts/KeyButton";

export interface Acts {
  confirm: () => void;
  accept: () => void;
  choose: () => void;
  remove: () => void;
  skip: () => void;
  takeBack: () => void;
}

interface Props {
  acts: Acts;
  ready: boolean;
  /** Whether the prediction is another label. */
  differs: boolean;
  chooseRef: React.Ref<HTMLButtonElement>;
}

export function Buttons({ acts, ready, differs, chooseRef }: Props) {
  const idle = !ready;
  return (
    <>
      <div className="dcf-queue-buttons">
        <Key tip="queueConfirm" icon="check" onClick={acts.confirm} disabled={idle}>
          Confirm
        </Key>
        <Key tip="queueAccept" icon="accept" onClick={acts.accept} disabled={idle || !differs}>
          Accept
        </Key>
        <Key
          tip="queueRelabel"
          icon="edit"
          onClick={acts.choose}
          disabled={idle}
          buttonRef={chooseRef}
        >
          Other…
        </Key>
        <Key tip="queueSkip" icon="skip" onClick={acts.skip} disabled={idle}>
          Skip
        </Key>
        <Key tip="undo" icon="undo" onClick={acts.takeBack} disabled={false}>
          Undo
        </Key>
      </div>
      <div className="dcf-queue-apart">
        <Key tip="queueRemove" icon="remove" onClick={acts.remove} disabled={idle} danger>
          Remove from the dataset
        </Key>
      </div>
    </>
  );
}
