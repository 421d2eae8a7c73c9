// Stands in for the App's own packages, which tests of pure functions import but never call.
export const executeOperator = () => Promise.resolve();
export const usePromptOperatorInput = () => () => {};
export const useRecoilValue = (atom: unknown) => atom;
export const [view, filters, extendedStages] = [[], {}, null];
export const getSampleSrc = (filepath: string) => filepath;
