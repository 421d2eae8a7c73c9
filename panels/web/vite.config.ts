import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

// What the App provides as globals, so that the panel shares its React, its MUI and its state.
const globals: Record<string, string> = {
  react: "React",
  "react-dom": "ReactDOM",
  recoil: "recoil",
  "@mui/material": "__mui__",
  "@fiftyone/operators": "__foo__",
  "@fiftyone/plugins": "__fop__",
  "@fiftyone/state": "__fos__",
};
const HOST = new URL("tests/host.ts", import.meta.url).pathname;
const PLOT = new URL("dist/plot.js", import.meta.url);

/** The map's bundle as the panel's asks for it: another digest is another file to the browser. */
function plotFile(): string {
  const text = existsSync(PLOT) ? readFileSync(PLOT) : "";
  return `plot.js?${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
}

// `--mode plot` makes the bundle that is loaded when the map opens; it goes first.
export default defineConfig(({ mode }) => ({
  define: {
    "process.env.NODE_ENV": '"production"',
    __PLOT_FILE__: JSON.stringify(plotFile()),
  },
  build:
    mode === "plot"
      ? {
          target: "es2022",
          modulePreload: false,
          rollupOptions: {
            input: "src/map/plot.ts",
            preserveEntrySignatures: "strict",
            output: { entryFileNames: "plot.js" },
          },
        }
      : {
          target: "es2022",
          emptyOutDir: false,
          lib: {
            entry: "src/index.tsx",
            name: "deconfuseLabelErrors",
            formats: ["umd"],
            fileName: () => "index.umd.js",
          },
          rollupOptions: { external: Object.keys(globals), output: { globals } },
        },
  test: {
    env: { NODE_ENV: "test" },
    include: ["tests/**/*.test.{ts,tsx}"],
    // The App's own packages exist in the App only.
    alias: Object.fromEntries(
      ["recoil", "@fiftyone/operators", "@fiftyone/state"].map((name) => [name, HOST]),
    ),
  },
}));
