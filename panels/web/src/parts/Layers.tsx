// Where lists and dialogs of the panel lie: above all of the App, the panel in the whole window included.
import { ThemeProvider, useTheme } from "@mui/material";
import * as React from "react";

const ABOVE = 1300;

/** FiftyOne's theme puts them at 99, below its own bars and below the panel in the whole window. */
export function Layers({ children }: { children: React.ReactNode }) {
  const outer = useTheme();
  const theme = React.useMemo(() => {
    const MuiModal = { ...outer.components?.MuiModal };
    const components = {
      ...outer.components,
      MuiModal: { ...MuiModal, styleOverrides: { root: { zIndex: ABOVE } } },
    };
    return { ...outer, components };
  }, [outer]);
  return <ThemeProvider theme={theme}>{children}</ThemeProvider>;
}
