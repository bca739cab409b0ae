// What the tests know of the sample shop's goods, from the file that the shop is stocked from.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './server.ts';

type Row = Record<string, string>;

/** The rows of a CSV file by the names of its first row (RFC 4180). */
function rows(text: string): Row[] {
  const table: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    table.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end !== ',') table.push([]);
  }
  const [names = [], ...lines] = table.filter((cells) => cells.length > 1);
  return lines.map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ''])));
}

/** Pages of goods that nobody can buy now: one variant of several, and a product as a whole, as far as the sample has them. */
export function soldOutPages(): { name: string; path: string }[] {
  const goods = rows(readFileSync(join(root, 'sample', 'products.csv'), 'utf8').replace(/^\uFEFF/, ''));
  const soldOut = (row: Row) => row.stock === '0';
  const entirely = (row: Row) => goods.filter((other) => other.product === row.product).every(soldOut);
  const variant = goods.find((row) => soldOut(row) && !entirely(row));
  const whole = goods.find((row) => row.state === 'active' && entirely(row));
  return [
    ...(variant ? [{ name: 'product-sold-out-variant', path: `/p/${variant.product}?v=${variant.sku}` }] : []),
    ...(whole ? [{ name: 'product-sold-out', path: `/p/${whole.product}` }] : []),
  ];
}
