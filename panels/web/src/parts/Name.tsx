// A name as people give it to a class, a person or a file: in its own direction, and broken between its words.
import * as React from "react";

interface Props extends Omit<React.HTMLAttributes<HTMLElement>, "children"> {
  children: string | undefined;
}

/** After what joins the words of a name that has no spaces. */
const JOINT = /(?<=[_/\\.:|])(?=[^\s_/\\.:|])/;

export const words = (name: string): string[] => name.split(JOINT);

export function Name({ children = "", ...rest }: Props) {
  const all = words(children);
  return (
    <bdi {...rest}>
      {all.length === 1
        ? children
        : all.map((word, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they have no other
            <span key={at} className="dcf-word">
              {word}
            </span>
          ))}
    </bdi>
  );
}
