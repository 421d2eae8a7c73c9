// Numbers and words as the panel writes them.
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

/** With a minus sign, where programs write a hyphen. */
const signed = (written: string) => written.replace(/^-/, "\u2212");

/** With so many digits after the point; what rounds to nothing has no sign. */
export function fixed(value: number, digits: number): string {
  const rounded = Number(value.toFixed(digits));
  return signed((rounded === 0 ? 0 : rounded).toFixed(digits));
}

export const count = (value: number) => signed(whole.format(value));
export const decimal = (value: number) => signed((value < 100 ? one : whole).format(value));
export const percent = (value: number, digits = 0) => `${fixed(value * 100, digits)} %`;
/** Of a picture or an outline, on one line. */
export const pixels = (width: number, height: number) => `${width}\u00a0×\u00a0${height}`;
export const plural = (n: number, word: string, many = `${word}s`) =>
  `${count(n)} ${n === 1 ? word : many}`;

/** With a capital, as it begins a line. */
export const title = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** Seconds as a clock shows them. */
export const clock = (seconds: number) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** The time that all the rest will take, as a person says it. */
export function timeLeft(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(5, 5 * Math.ceil(seconds / 5))} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `about ${minutes} min left`;
  return `about ${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

/** A class's probability, which is never quite 0 or 1 but for rounding. */
export function share(p: number): string {
  if (p < 0.001) return "< 0.1 %";
  if (p > 0.999) return "> 99.9 %";
  return percent(p, 1);
}
