// What every spec stands on: the four lives of a page, the two languages, a watch on the console,
// and the mailbox.
import { test as base, expect, type Page } from '@playwright/test';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Shop } from './pages.ts';
import { data } from './server.ts';

export { expect };

/** How a page lives: with wasm, without scripts, with wasm that does not arrive, with wasm that breaks. */
export type Life = 'hydrated' | 'scripts-off' | 'wasm-held' | 'wasm-broken';
export type Lang = 'ja' | 'en';
export type Options = { life: Life; lang: Lang };

type Fixtures = {
  /** The words of the language under test. */
  t: (ja: string, en: string) => string;
  /** Opens a path (without language) and waits until the page is what it will be in this life. */
  visit: (path: string) => Promise<void>;
  /** Waits until the page is what it will be in this life. */
  awake: () => Promise<void>;
  /** Lets the held wasm go (life `wasm-held`). */
  release: () => void;
  /** The shop as a person handles it. */
  shop: Shop;
  /** Messages that this test expects on the console. */
  expectedMessages: RegExp[];
};

/** An address nobody else uses in this run. */
export function newAddress(): string {
  return `test-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}@example.jp`;
}

export const test = base.extend<Options & Fixtures>({
  life: ['hydrated', { option: true }],
  lang: ['ja', { option: true }],

  t: async ({ lang }, use) => {
    await use((ja, en) => (lang === 'ja' ? ja : en));
  },

  expectedMessages: async ({}, use) => {
    await use([]);
  },

  release: async ({ page, life }, use) => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    if (life === 'wasm-held') {
      await page.route('**/*.wasm', async (route) => {
        await gate;
        await route.continue().catch(() => {});
      });
    }
    if (life === 'wasm-broken') {
      await page.route('**/*.wasm', (route) => route.fulfill({ contentType: 'application/wasm', body: 'this is no wasm' }));
    }
    await use(go);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    go();
  },

  awake: async ({ page, life }, use) => {
    await use(async () => {
      if (life === 'hydrated') await expect(page.locator('html[data-hydrated]')).toBeAttached();
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    });
  },

  // `release` is asked for so that the routes stand before the first page is opened.
  visit: async ({ page, lang, awake, release: _ }, use) => {
    await use(async (path) => {
      const localised = lang === 'ja' ? path : `/en${path === '/' ? '' : path}`;
      await page.goto(localised, { waitUntil: 'domcontentloaded' });
      await awake();
    });
  },

  shop: async ({ page, lang, awake }, use) => {
    await use(new Shop(page, lang, awake));
  },

  page: async ({ page, life, expectedMessages }, use) => {
    const messages: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') messages.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => messages.push(String(error)));
    await use(page);
    // The browser says on the console that broken wasm does not compile: that is the point of that life.
    const refused = /status of 4\d\d .*\/api\//; // a browser notes every refused call, however well the page says why
    // Where nothing uses the wasm, the browser says so after some seconds: a slow machine hears it, a quick one does not.
    const idle = /\.wasm was preloaded using link preload but not used/;
    const always = [...expectedMessages, refused, ...(life === 'hydrated' ? [] : [idle])];
    const expected = life === 'wasm-broken' ? [...always, /wasm|WebAssembly|CompileError/i] : always;
    const surprising = messages.filter((message) => !expected.some((pattern) => pattern.test(message)));
    expect(surprising, 'the console stays quiet').toEqual([]);
  },
});

/** A mail as the person would read it. */
export type Mail = { to: string; subject: string; text: string; html: string };

function decodeWords(header: string): string {
  return header
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, words: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(words, 'base64').toString('utf8')
        : decodeQuoted(words.replace(/_/g, ' ')),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function part(raw: string, kind: string): string {
  const boundary = /boundary="?([^"\r\n;]+)"?/i.exec(raw)?.[1];
  const pieces = boundary ? raw.split(`--${boundary}`) : [raw];
  const piece = pieces.find((one) => new RegExp(`content-type: ${kind}`, 'i').test(one.split(/\r?\n\r?\n/)[0] ?? ''));
  if (!piece) return '';
  const [head = '', ...body] = piece.replace(/^\r?\n/, '').split(/\r?\n\r?\n/);
  const text = body.join('\n\n');
  if (/transfer-encoding: base64/i.test(head)) return Buffer.from(text, 'base64').toString('utf8');
  return /transfer-encoding: quoted-printable/i.test(head) ? decodeQuoted(text) : text;
}

function mailbox(): Mail[] {
  const dir = join(data, 'mailbox');
  return readdirSync(dir)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => {
      const raw = readFileSync(join(dir, name), 'latin1');
      const head = (raw.split(/\r?\n\r?\n/)[0] ?? '').replace(/\r?\n[ \t]+/g, ' ');
      const header = (key: string) => decodeWords(new RegExp(`^${key}: (.*)$`, 'im').exec(head)?.[1] ?? '');
      return { to: header('To'), subject: header('Subject'), text: part(raw, 'text/plain'), html: part(raw, 'text/html') };
    });
}

/** The mails to `to`, once there are at least `count`. */
export async function mails(to: string, count = 1): Promise<Mail[]> {
  let found: Mail[] = [];
  await expect
    .poll(() => (found = mailbox().filter((mail) => mail.to.includes(to))).length, { message: `mail to ${to}`, timeout: 20_000 })
    .toBeGreaterThanOrEqual(count);
  return found;
}
