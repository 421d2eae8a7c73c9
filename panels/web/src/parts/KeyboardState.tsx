// Whether the panel has the keyboard, and for a moment why a press did not count.
import * as React from "react";
import { lastDropped, subscribe, textOf } from "../acts/dropped";
import { useHasKeyboard } from "../shortcuts";
import { Icon } from "./Icon";

const SHOWN_MS = 2500;

export function KeyboardState() {
  const has = useHasKeyboard();
  const dropped = React.useSyncExternalStore(subscribe, lastDropped);
  // What was dropped before the panel was opened is nobody's concern.
  const [past, setPast] = React.useState(dropped?.number ?? 0);
  const number = dropped?.number ?? 0;
  React.useEffect(() => {
    const timer = window.setTimeout(() => setPast(number), SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [number]);
  const said = dropped && number > past ? textOf(dropped.why) : "";
  return (
    <>
      <span
        className={`dcf-keyboard${has ? "" : " dcf-keyboard-off"}`}
        data-testid="keyboard"
        data-has={has}
        title={has ? "Keys go to this panel" : "Keys go elsewhere in the App. Click here, or F6."}
      >
        <Icon name="keyboard" />
        {has ? (
          <span className="dcf-sr">Keys go to this panel</span>
        ) : (
          <span className="dcf-keyboard-text">Keys off: click or F6</span>
        )}
      </span>
      <span className="dcf-dropped-place" role="status" data-testid="dropped">
        {said && (
          <span key={number} className="dcf-dropped">
            {said}
          </span>
        )}
      </span>
    </>
  );
}
