// Checks the colours of tokens.css: `node style/contrast.mjs`. Text 7:1, edges of controls 3:1, both schemes.
import { readFileSync } from "node:fs";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const colours = {};
for (const [, name, light, dark] of css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)) colours[name] = [light, dark];

const luminance = (hex) => {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};

const grounds = ["paper", "paper-raised", "paper-sunk"];
const rules = [
  ...["ink", "ink-soft", "accent", "accent-hover", "danger", "ok", "warn"].flatMap((text) => grounds.map((ground) => [text, ground, 7])),
  ...["line-strong", "focus"].flatMap((edge) => grounds.map((ground) => [edge, ground, 3])),
  ...["accent", "danger", "ok", "warn"].map((role) => [role, `${role}-soft`, 7]),
  ...["accent", "danger", "ok", "warn"].map((role) => ["ink", `${role}-soft`, 7]),
  ["ink-soft", "accent-soft", 7],
  ["accent-ink", "accent", 7],
  ["accent-ink", "accent-hover", 7],
  ["danger-ink", "danger", 7],
];
let faults = 0;
for (const [front, back, least] of rules) {
  ["light", "dark"].forEach((scheme, i) => {
    const ratio = contrast(colours[front][i], colours[back][i]);
    if (ratio < least) {
      faults += 1;
      console.error(`${scheme}: --${front} on --${back} is ${ratio.toFixed(2)}:1, needs ${least}:1`);
    }
  });
}
console.log(`${rules.length * 2} pairs of colours, ${faults} too close`);
process.exit(faults ? 1 : 0);
