// Four ways a page can live (hydrated, scripts off, wasm held back, wasm broken), each on a phone in
// Japanese and on a desktop in English. What is tagged @matrix is looked at the other way round too:
// on a phone in English and on a desktop in Japanese, with wasm. Where wasm is held back or broken a form is posted as
// without scripts, and a page without scripts is what the server makes for both devices: NOREN_E2E_ALL=1 looks at these
// three the other way round as well.
import { defineConfig } from '@playwright/test';
import { desktop, launchOptions, phone, url, webServer } from './server.ts';
import type { Lang, Life, Options } from './fixtures.ts';

const devices = { phone, desktop };

const project = (life: Life, device: keyof typeof devices, lang: Lang, grep?: RegExp) => ({
  name: `${life} ${device} ${lang}`,
  grep,
  grepInvert: device === 'phone' ? undefined : /@phone/,
  use: { ...devices[device], life, lang, locale: { ja: 'ja-JP', en: 'en-GB' }[lang], javaScriptEnabled: life !== 'scripts-off' },
});

// What depends on wasm alone, or not at all, is looked at with wasm only. Where wasm is held back or
// broken, forms are posted as without scripts: what is tagged @posts is looked at once of these.
const everyLife = /@all/;
const withoutScripts = /@all|@posts/;
const matrix = /@matrix/;
const matrixWithoutScripts = /(?=.*@(all|posts))(?=.*@matrix)/;

export default defineConfig<Options>({
  testDir: 'tests',
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  // A test that passes only at its second try has found something: there is no second try.
  retries: 0,
  // No traces: recording each step takes nearly half of the time (54 s and 37 s for the same three tests).
  // Whoever looks for a fault asks for one: npm test -- door --trace retain-on-failure
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./count.ts']],
  webServer,
  globalSetup: './known.ts',
  use: { baseURL: url, launchOptions, screenshot: 'only-on-failure' },
  projects: [
    project('hydrated', 'phone', 'ja'),
    project('hydrated', 'desktop', 'en'),
    project('hydrated', 'phone', 'en', matrix),
    project('hydrated', 'desktop', 'ja', matrix),
    project('scripts-off', 'phone', 'ja', withoutScripts),
    project('scripts-off', 'desktop', 'en', withoutScripts),
    project('wasm-held', 'phone', 'ja', everyLife),
    project('wasm-broken', 'desktop', 'en', everyLife),
    ...(process.env.NOREN_E2E_ALL
      ? [
          project('scripts-off', 'phone', 'en', matrixWithoutScripts),
          project('scripts-off', 'desktop', 'ja', matrixWithoutScripts),
          project('wasm-held', 'desktop', 'en', everyLife),
          project('wasm-broken', 'phone', 'ja', everyLife),
        ]
      : []),
  ],
});
