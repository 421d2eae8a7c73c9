// A bundle of its own, loaded when the map opens: WebGL is worth a third of the panel.
export { default } from "regl-scatterplot";
