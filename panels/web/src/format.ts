// Numbers and words as the panel writes them.
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

export const count = (value: number) => whole.format(value);
export const decimal = (value: number) => (value < 100 ? one : whole).format(value);
export const percent = (value: number, digits = 0) => `${(value * 100).toFixed(digits)} %`;
export const plural = (n: number, word: string, many = `${word}s`) =>
  `${count(n)} ${n === 1 ? word : many}`;
