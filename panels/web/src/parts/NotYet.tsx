// What the iteration does not have yet, and the button that has it computed.
import { usePromptOperatorInput } from "@fiftyone/operators";
import { Button } from "@mui/material";
import * as React from "react";
import { uriOf } from "../ask";
import { useSession } from "../session";
import { useLaunch } from "../useLaunch";
import { Icon, type IconName } from "./Icon";
import { WorkContext } from "./Work";

interface Props {
  icon: IconName;
  title: string;
  /** Why one would want it, and what it costs. */
  children: React.ReactNode;
  /** The name of the operator that computes it. */
  operator: string;
  /** What the operator's form begins with; without it the operator runs at once. */
  form?: Record<string, unknown> | undefined;
  button: string;
  busy: string;
  onBack?: () => void;
}

export function NotYet({ icon, title, children, operator, form, button, busy, onBack }: Props) {
  const { run } = useSession();
  const launch = useLaunch();
  const prompt = usePromptOperatorInput();
  const { jobs } = React.useContext(WorkContext);
  const [starting, setStarting] = React.useState(false);
  const running = starting || jobs.some((job) => job.run === run.key);
  const start = async () => {
    if (form) {
      prompt(uriOf(operator), { run_key: run.key, ...form, in_panel: true });
      return;
    }
    setStarting(true);
    await launch(operator);
    setStarting(false);
  };
  return (
    <div className="dcf-screen">
      <Icon name={icon} className="dcf-screen-icon" />
      <h3>{title}</h3>
      <p>{children}</p>
      <div className="dcf-screen-buttons">
        <Button variant="contained" disabled={running} onClick={() => void start()}>
          {running ? busy : button}
        </Button>
        {onBack && <Button onClick={onBack}>Back to the overview</Button>}
      </div>
    </div>
  );
}
