// Registers the panel's component with the App; the name is the one that panels/label_errors.py asks for.

import { PluginComponentType, registerComponent } from "@fiftyone/plugins";
import { LabelErrors } from "./LabelErrors";

registerComponent({
  name: "LabelErrors",
  label: "Label errors",
  component: LabelErrors,
  type: PluginComponentType.Component,
  activator: () => true,
});
