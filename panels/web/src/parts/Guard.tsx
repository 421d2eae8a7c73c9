// Keeps an error of the panel's own from taking the App's panel with it.
import * as React from "react";
import type { Problem as Said } from "../events";
import { Problem } from "./Problem";

export class Guard extends React.Component<{ children: React.ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const problem: Said = { kind: "unexpected", message: error.message, detail: error.stack ?? "" };
    return <Problem problem={problem} onRetry={() => this.setState({ error: null })} />;
  }
}
