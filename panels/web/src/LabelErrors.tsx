// The panel: its frame, in the App's theme and with the keyboard, and the dataset in it.
import * as fos from "@fiftyone/state";
import * as React from "react";
import { useRecoilValue } from "recoil";
import { OnDataset } from "./OnDataset";
import { Guard } from "./parts/Guard";
import { Layers } from "./parts/Layers";
import { NoDataset } from "./parts/States";
import { WholeContext, WholeWindow } from "./parts/WholeWindow";
import { ActiveContext, KeyboardContext, keepPress, pressOnce, useActive } from "./shortcuts";
import styles from "./styles.css?inline";

export function LabelErrors() {
  const root = React.useRef<HTMLDivElement>(null);
  const [active, hasKeyboard] = useActive(root, useRecoilValue(fos.isModalActive));
  const theme = useRecoilValue(fos.theme);
  const dataset = useRecoilValue(fos.datasetName);
  const [whole, setWhole] = React.useState(false);
  const wholeWindow = React.useMemo(() => ({ whole, setWhole }), [whole]);
  return (
    <ActiveContext.Provider value={active}>
      <KeyboardContext.Provider value={hasKeyboard}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: it does nothing, it lets others do */}
        <div
          ref={root}
          className={`dcf${whole ? " dcf-whole" : ""}`}
          data-theme={theme}
          tabIndex={-1}
          onKeyDownCapture={pressOnce}
          onKeyDown={keepPress}
        >
          <style>{styles}</style>
          <Layers>
            <WholeContext.Provider value={wholeWindow}>
              <WholeWindow />
              <Guard key={dataset ?? ""}>{dataset ? <OnDataset /> : <NoDataset />}</Guard>
            </WholeContext.Provider>
          </Layers>
        </div>
      </KeyboardContext.Provider>
    </ActiveContext.Provider>
  );
}
