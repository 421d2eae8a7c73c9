// The panel's icons: paths of 24 × 24, drawn in the colour of the text.
import * as React from "react";

const PATHS = {
  search:
    "M10 4a6 6 0 1 0 3.7 10.7l5 5 1.4-1.4-5-5A6 6 0 0 0 10 4zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
  close:
    "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6L19 6.4 17.6 5 12 10.6z",
  grid: "M4 4h7v7H4zm9 0h7v7h-7zM4 13h7v7H4zm9 0h7v7h-7z",
  copies: "M4 2h12v3h-2V4H5v11h2v2H4zM8 7h12v15H8zm2 2v11h8V9z",
  back: "M20 11H7.8l5.6-5.6L12 4l-8 8 8 8 1.4-1.4L7.8 13H20z",
  left: "M15.4 7.4 14 6l-6 6 6 6 1.4-1.4L10.8 12z",
  right: "M8.6 16.6 13.2 12 8.6 7.4 10 6l6 6-6 6z",
  undo: "M12.5 8c-2.6 0-5 1-6.9 2.6L2 7v9h9l-3.6-3.6A8 8 0 0 1 20 16l2.4-.8A10.5 10.5 0 0 0 12.5 8z",
  check: "M9 16.2 4.8 12l-1.4 1.4L9 19 21 7l-1.4-1.4z",
  accept: "M4 11h10.2L9.6 6.4 11 5l7 7-7 7-1.4-1.4 4.6-4.6H4z",
  edit: "M3 17.2V21h3.8L17.8 9.9l-3.7-3.7zM20.7 7a1 1 0 0 0 0-1.4l-2.3-2.3a1 1 0 0 0-1.4 0l-1.8 1.8 3.7 3.7z",
  remove: "M6 19a2 2 0 0 0 2 2h8a2 2 0 0 0 2-2V7H6zM19 4h-3.5l-1-1h-5l-1 1H5v2h14z",
  tag: "M21.4 11.6l-9-9A2 2 0 0 0 11 2H4a2 2 0 0 0-2 2v7c0 .6.2 1.100.6 1.400l9 9c.8.8 2 .8 2.800 0l7-7c.8-.8.8-2 0-2.800zM5.500 7a1.500 1.500 0 1 1 0-3 1.500 1.500 0 0 1 0 3z",
  help: "M11 18h2v-2h-2zm1-16a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 18a8 8 0 1 1 0-16 8 8 0 0 1 0 16zm0-14a4 4 0 0 0-4 4h2a2 2 0 1 1 4 0c0 2-3 1.800-3 5h2c0-2.300 3-2.500 3-5a4 4 0 0 0-4-4z",
  queue: "M4 6h16v2H4zm0 5h10v2H4zm0 5h10v2H4zm12-4 5 3.500-5 3.500z",
  retrain:
    "M12 6V3L8 7l4 4V8a4 4 0 0 1 3.900 5H18a6 6 0 0 0-6-7zm0 10a4 4 0 0 1-3.900-5H6a6 6 0 0 0 6 7v3l4-4-4-4z",
  lasso:
    "M12 4c-5 0-9 2.700-9 6 0 2.100 1.600 3.900 4 5a2.500 2.500 0 0 0 3 3.900c.2 1-.2 2-1.500 2.600l.8 1.500c2.200-1 3-2.800 2.600-5 5-.1 9.100-2.700 9.100-8s-4-6-9-6zm0 2c4.100 0 7 2 7 4s-2.900 4-7 4h-.700a2.500 2.500 0 0 0-3.600-.500C6 12.700 5 11.400 5 10c0-2 2.900-4 7-4z",
  hand: "M10 2h2v8h1V4h2v7h1V6h2v9c0 4-2.500 7-6 7-3 0-4.500-1.500-6-4l-3-5 1.500-1.500L8 13V4h2z",
  fit: "M4 9V4h5v2H6v3zm11-5h5v5h-2V6h-3zM4 15h2v3h3v2H4zm14 0h2v5h-5v-2h3z",
  keyboard:
    "M3 5h18v14H3zm2 2v10h14V7zm1.5 1.500h2v2h-2zm3.500 0h2v2h-2zm3.500 0h2v2h-2zm3 0h1.500v2h-1.500zM6.500 12h2v2h-2zm3.500 0h2v2h-2zm3.500 0h2v2h-2zm3 0h1.500v2h-1.500zM8 14.800h8v1.500H8z",
  warn: "M12 3 1.500 21h21zm-1 7h2v5h-2zm0 6.500h2v2h-2z",
  tune: "M4 6h9v2H4zm15 0h1v2h-1zM14 4h2v6h-2zM4 11h2v2H4zm8 0h8v2h-8zM7 9h2v6H7zm-3 7h9v2H4zm15 0h1v2h-1zm-5-2h2v6h-2z",
  skip: "M6 6l8 6-8 6zm9 0h2v12h-2z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className = "" }: { name: IconName; className?: string }) {
  return (
    <svg className={`dcf-icon ${className}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
