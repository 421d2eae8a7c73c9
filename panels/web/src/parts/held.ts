// The key that opened a field and is held on types nothing into it.
import type * as React from "react";
import { drop } from "../acts/dropped";

/** Drops what a held key would type into a field that is still empty. */
export function dropHeld(event: React.KeyboardEvent, typed: string) {
  if (!event.repeat || typed || event.key.length !== 1) return;
  event.preventDefault();
  drop("held");
}
