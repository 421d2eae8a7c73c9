// Records what the committed bundle was built from, and says when it no longer fits.
// Usage: node scripts/digest.mjs write | check
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bundles = ["index.umd.js", "plot.js"].map((name) => join(root, "dist", name));
const record = join(root, "dist", "digest.json");

function files(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? files(path) : [path];
    })
    .sort();
}

function digest(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const text = readFileSync(path, "utf8").replaceAll("\r\n", "\n");
    hash.update(`${relative(root, path).replaceAll("\\", "/")}\0${text}\0`);
  }
  return hash.digest("hex");
}

function current() {
  const configs = ["package.json", "tsconfig.json", "vite.config.ts"].map((name) =>
    join(root, name),
  );
  return { sources: digest([...files(join(root, "src")), ...configs]), bundle: digest(bundles) };
}

function check() {
  const advice = "run `npm run --prefix panels/web build` and commit panels/web/dist";
  if (![...bundles, record].every((path) => existsSync(path)))
    return `the panel's bundle is missing: ${advice}`;
  const [now, then] = [current(), JSON.parse(readFileSync(record, "utf8"))];
  if (now.sources !== then.sources)
    return `the panel's sources changed since its bundle was built: ${advice}`;
  if (now.bundle !== then.bundle)
    return `the panel's bundle is not the one that was built: ${advice}`;
  return null;
}

if (process.argv[2] === "write") {
  writeFileSync(record, `${JSON.stringify(current(), null, 2)}\n`);
} else {
  const problem = check();
  if (problem) {
    console.error(problem);
    process.exit(1);
  }
}
