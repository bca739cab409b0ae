// What every spec stands on: the four lives of a page, the two languages, a watch on the console,
// and other browsers of the same person.
import { test as base, expect, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test';
import { brokenWasm, idleWasm } from './console.ts';
import { Shop } from './shop.ts';

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
  /** The shop in another browser, which shares nothing with the first one. */
  elsewhere: (options?: BrowserContextOptions) => Promise<Shop>;
  /** Messages that this test expects on the console. */
  expectedMessages: RegExp[];
};

/** Somewhere in the range for benchmarks (RFC 2544): so many new customers of one network would be stopped. */
const somewhere = () => ({ 'x-forwarded-for': `198.18.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}` });

async function settled(page: Page, life: Life) {
  if (life === 'hydrated') await expect(page.locator('html[data-hydrated]')).toBeAttached();
  // Before the style sheet is there, what it hides can be seen, and could be clicked by mistake.
  await expect(page.locator('body')).toHaveCSS('display', 'flex');
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  // While the data of a page are on their way, the one before it stays and says so.
  await expect(page.locator('.page[aria-busy]')).toHaveCount(0);
}

export const test = base.extend<Options & Fixtures>({
  life: ['hydrated', { option: true }],
  lang: ['ja', { option: true }],

  extraHTTPHeaders: async ({}, use) => {
    await use(somewhere());
  },

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
    await use(() => settled(page, life));
  },

  // `release` is asked for so that the routes stand before the first page is opened.
  shop: async ({ page, lang, awake, release: _ }, use) => {
    await use(new Shop(page, lang, awake));
  },

  visit: async ({ shop }, use) => {
    await use((path) => shop.visit(path));
  },

  elsewhere: async ({ browser, baseURL, locale, viewport, hasTouch, isMobile, javaScriptEnabled, lang, life }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (options = {}) => {
      const same = { baseURL, locale, viewport, hasTouch, isMobile, javaScriptEnabled, extraHTTPHeaders: somewhere() };
      const context = await browser.newContext({ ...same, ...options });
      contexts.push(context);
      const page = await context.newPage();
      return new Shop(page, lang, () => settled(page, life));
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  page: async ({ page, life, expectedMessages }, use) => {
    const messages: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') messages.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => messages.push(String(error)));
    await use(page);
    const ofThisLife = { hydrated: [], 'scripts-off': [idleWasm], 'wasm-held': [idleWasm], 'wasm-broken': [idleWasm, ...brokenWasm] }[life];
    const expected = [...expectedMessages, ...ofThisLife];
    const surprising = messages.filter((message) => !expected.some((pattern) => pattern.test(message)));
    expect(surprising, 'the console stays quiet').toEqual([]);
  },
});
