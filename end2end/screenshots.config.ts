// Every page, phone and desktop, both languages, light and dark, into screenshots/.
import { defineConfig } from '@playwright/test';
import { desktop, launchOptions, phone, url, webServer } from './server.ts';
import type { Options } from './fixtures.ts';

export default defineConfig<Options>({
  testDir: 'screenshots',
  testMatch: '*.shots.ts',
  workers: 2,
  fullyParallel: true,
  timeout: 240_000,
  reporter: 'list',
  webServer,
  globalSetup: './known.ts',
  use: { baseURL: url, launchOptions },
  projects: [
    { device: 'phone', use: phone },
    { device: 'desktop', use: desktop },
  ].flatMap(({ device, use }) =>
    (['ja', 'en'] as const).flatMap((lang) =>
      (['light', 'dark'] as const).map((colorScheme) => ({
        name: `${device}-${lang}-${colorScheme}`,
        use: { ...use, lang, colorScheme, life: 'hydrated' as const },
      })),
    ),
  ),
});
