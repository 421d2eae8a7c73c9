// What a page stands for, what becomes of its exceptions, and the one press that decides on it.
import { Button, IconButton, ToggleButton, ToggleButtonGroup } from "@mui/material";
import * as React from "react";
import { count, plural } from "../format";
import { Icon } from "../parts/Icon";
import { KeyButton } from "../parts/KeyButton";
import { Name } from "../parts/Name";
import { useShortcuts } from "../shortcuts";
import type { Others, Right } from "./page";
import type { Pages } from "./usePages";

export const PAGES_HINT =
  "Click the exceptions, or go to them by the arrow keys and press Space. Enter decides on the page.";

interface Props {
  pages: Pages;
  /** What the labels and the predictions are, where all have the same one. */
  label?: string;
  prediction?: string;
  onLeave: () => void;
}

export function PageActs({ pages, label, prediction, onLeave }: Props) {
  const { plan, right, others } = pages;
  const exceptions = pages.excepted.size;
  useShortcuts({
    pageDecide: () => void pages.decide(),
    pageNext: () => pages.step(1),
    pageBefore: () => pages.step(-1),
    none: exceptions ? pages.clear : onLeave,
  });
  const becomes = right === "label" ? prediction : label;
  const same = label !== undefined && label === prediction;
  return (
    <div className="dcf-decide dcf-pageacts">
      <div className="dcf-chosen" role="status" data-testid="page">
        <span>
          <strong>
            Page {count(pages.number)} of {count(pages.pages)}
          </strong>
          {" · "}
          {plural(pages.page.length, "image")}
          {exceptions > 0 && `, ${plural(exceptions, "exception")}`}
        </span>
        <span>
          <IconButton
            size="small"
            aria-label="Page before"
            aria-keyshortcuts="PageUp"
            disabled={pages.number <= 1}
            onClick={() => pages.step(-1)}
          >
            <Icon name="left" />
          </IconButton>
          <IconButton
            size="small"
            aria-label="Next page"
            aria-keyshortcuts="PageDown"
            disabled={pages.number >= pages.pages}
            onClick={() => pages.step(1)}
          >
            <Icon name="right" />
          </IconButton>
        </span>
      </div>
      {pages.eitherWay && (
        <Choice<Right>
          name="All on the page are"
          value={right}
          onChange={pages.setRight}
          texts={{
            label: <Name title={label}>{label}</Name>,
            prediction: <Name title={prediction}>{prediction}</Name>,
          }}
        />
      )}
      {!same && (
        <Choice<Others>
          name="Those you click"
          value={others}
          onChange={pages.setOthers}
          texts={{
            open: "stay open",
            other:
              becomes === undefined ? (
                "get the prediction"
              ) : (
                <span>
                  are <Name title={becomes}>{becomes}</Name>
                </span>
              ),
          }}
        />
      )}
      <KeyButton
        tip="pageDecide"
        icon="check"
        disabled={!pages.page.length || !pages.drawn}
        onClick={() => void pages.decide()}
      >
        <Decision pages={pages} label={label} prediction={prediction} />
      </KeyButton>
      {plan.given.length > 0 && plan.open.length > pages.unreadable && (
        <p className="dcf-note">
          {plural(plan.open.length - pages.unreadable, "exception")} with the prediction as label
          stay open.
        </p>
      )}
      {pages.unreadable > 0 && (
        <p className="dcf-note">{plural(pages.unreadable, "unreadable image")} left open.</p>
      )}
      {pages.left > 0 && (
        <p className="dcf-note">
          {count(pages.left)} left open on earlier pages.{" "}
          <Button size="small" onClick={pages.showLeft}>
            Show again
          </Button>
        </p>
      )}
    </div>
  );
}

/** What the press does, such as "Confirm 22 × cat". */
function Decision({ pages, label, prediction }: Pick<Props, "pages" | "label" | "prediction">) {
  const { plan, right } = pages;
  const rest = count(plan.rest.length);
  const given = count(plan.given.length);
  const names = { label, prediction };
  const other = right === "label" ? "prediction" : "label";
  const to = (what: Right) =>
    names[what] !== undefined && <Name title={names[what]}>{`“${names[what]}”`}</Name>;
  if (!plan.rest.length && !plan.given.length) return <>Leave all open</>;
  return (
    <>
      {plan.rest.length > 0 &&
        (right === "label" ? (
          <>
            Confirm {rest}
            {to(right) && <> {to(right)}</>}
          </>
        ) : (
          <>
            Relabel {rest} as {to(right)}
          </>
        ))}
      {plan.rest.length > 0 && plan.given.length > 0 && ", "}
      {plan.given.length > 0 &&
        (other === "label" ? (
          <>
            confirm {given}
            {to(other) && <> {to(other)}</>}
          </>
        ) : (
          <>
            relabel {given} as {to(other) || "predicted"}
          </>
        ))}
    </>
  );
}

interface ChoiceProps<T extends string> {
  name: string;
  value: T;
  texts: Record<T, React.ReactNode>;
  onChange: (value: T) => void;
}

function Choice<T extends string>({ name, value, texts, onChange }: ChoiceProps<T>) {
  const id = React.useId();
  return (
    <div className="dcf-pagechoice">
      <span id={id} className="dcf-soft">
        {name}
      </span>
      <ToggleButtonGroup
        size="small"
        exclusive
        value={value}
        onChange={(_, next: T | null) => next && onChange(next)}
        aria-labelledby={id}
      >
        {(Object.keys(texts) as T[]).map((one) => (
          <ToggleButton key={one} value={one}>
            {texts[one]}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
    </div>
  );
}
