// Fetches what draws the map, which lies beside the panel's bundle; FiftyOne serves both.
import type createScatterplot from "regl-scatterplot";

export type Create = typeof createScatterplot;

/** Only known while the bundle is evaluated. */
const script =
  document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : "";

let loading: Promise<Create> | null = null;

export function loadPlot(): Promise<Create> {
  // Where the connection failed, the next map tries again.
  loading ??= fetchPlot().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function fetchPlot(): Promise<Create> {
  const url = new URL(__PLOT_FILE__, script).href;
  const module: { default: Create } = await import(/* @vite-ignore */ url);
  return module.default;
}
