// What the panel uses of FiftyOne's own packages, which are not on npm: the App provides them.

declare module "@fiftyone/operators" {
  export interface OperatorResult {
    result?: unknown;
    error?: unknown;
    errorMessage?: string;
  }
  export function executeOperator(
    uri: string,
    params?: object,
    options?: {
      callback?: (result: OperatorResult) => unknown;
      skipErrorNotification?: boolean;
    },
  ): Promise<void>;
  export function usePromptOperatorInput(): (
    uri: string,
    params?: object,
    options?: object,
  ) => void;
  export function useOperators(isModal: boolean): unknown;
}

declare module "@fiftyone/plugins" {
  export enum PluginComponentType {
    Component = 3,
  }
  export function registerComponent(registration: {
    name: string;
    label: string;
    component: React.ComponentType;
    type: PluginComponentType;
    activator: () => boolean;
  }): void;
}

declare module "@fiftyone/state" {
  import type { RecoilState, RecoilValueReadOnly } from "recoil";
  export const selectedSamples: RecoilState<Map<string, string>>;
  export interface SelectedLabel {
    labelId: string;
    field: string;
    sampleId: string;
  }
  /** Whether a sample is enlarged in FiftyOne. */
  export const isModalActive: RecoilValueReadOnly<boolean>;
  export const selectedLabels: RecoilState<SelectedLabel[]>;
  export const view: RecoilState<unknown[]>;
  export function useSetView(): (stages: unknown[]) => void;
  export const filters: RecoilState<Record<string, unknown>>;
  export const extendedStages: RecoilValueReadOnly<unknown>;
  export const datasetName: RecoilValueReadOnly<string | null>;
  export const viewName: RecoilValueReadOnly<string | null>;
  /** Where FiftyOne's server has a file. */
  export function getSampleSrc(filepath: string): string;
  export const theme: RecoilState<"dark" | "light">;
}

declare module "recoil" {
  export interface RecoilState<T> {
    readonly __state: T;
  }
  export interface RecoilValueReadOnly<T> {
    readonly __value: T;
  }
  type Readable<T> = RecoilState<T> | RecoilValueReadOnly<T>;
  export function useRecoilValue<T>(state: Readable<T>): T;
  export function useRecoilState<T>(
    state: RecoilState<T>,
  ): [T, (value: T | ((old: T) => T)) => void];
  export function useSetRecoilState<T>(state: RecoilState<T>): (value: T | ((old: T) => T)) => void;
}

/** The file beside the bundle that draws the map, with a digest for the browser's cache. */
declare const __PLOT_FILE__: string;
