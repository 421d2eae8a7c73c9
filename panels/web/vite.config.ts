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

export default defineConfig({
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    target: "es2022",
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
});
