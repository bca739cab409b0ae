// Four ways a page can live (hydrated, scripts off, wasm held back, wasm broken), each on a phone in
// Japanese and on a desktop in English.
import { defineConfig } from '@playwright/test';
import { desktop, launchOptions, phone, url, webServer } from './server.ts';
import type { Life, Options } from './fixtures.ts';

const lives: Life[] = ['hydrated', 'scripts-off', 'wasm-held', 'wasm-broken'];

export default defineConfig<Options>({
  testDir: 'tests',
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  // A test that passes only at its second try has found something: there is no second try.
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./count.ts']],
  webServer,
  use: { baseURL: url, launchOptions, trace: 'retain-on-failure', screenshot: 'only-on-failure' },
  projects: lives.flatMap((life) => {
    const javaScriptEnabled = life !== 'scripts-off';
    // What depends on wasm alone, or not at all, is looked at once.
    const grep = life === 'hydrated' ? undefined : /@all/;
    return [
      { name: `${life} phone ja`, grep, use: { ...phone, life, lang: 'ja' as const, locale: 'ja-JP', javaScriptEnabled } },
      { name: `${life} desktop en`, grep, use: { ...desktop, life, lang: 'en' as const, locale: 'en-GB', javaScriptEnabled } },
    ];
  }),
});
