// Stands in for the App's own packages, which tests of pure functions import but never call.
export const executeOperator = () => Promise.resolve();
export const usePromptOperatorInput = () => () => {};
