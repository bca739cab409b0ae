// What every page and every state of the shop is like to see and to hear.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { walks } from '../pages.ts';

async function fits(page: Page, name: string) {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(beyond, `${name}: nothing reaches beyond the edge`).toBeLessThanOrEqual(0);
}

for (const [pages, walk] of Object.entries(walks)) {
  const tag = pages === 'open page' ? ' @matrix' : '';
  test(`no ${pages} has a fault that axe finds, by day or by night, and none is too wide${tag}`, async ({ page, shop, expectedMessages }) => {
    test.slow();
    const look = async (name: string) => {
      await fits(page, name);
      for (const colorScheme of ['dark', 'light'] as const) {
        // Colours are read at once: none may still be on its way from one scheme to the other.
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        // Run in the page itself, which has no frames: otherwise axe opens an empty page for each answer and puts the
        // whole of itself in there once more, which takes longer than the looking.
        const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
        // By night a page has other colours and is the same otherwise.
        if (colorScheme === 'dark') axe.withRules(['color-contrast', 'link-in-text-block']);
        const { violations } = await axe.analyze();
        const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`);
        expect.soft(found, `${name}, ${colorScheme}`).toEqual([]);
      }
    };
    await walk({ shop, look, expectedMessages });
  });
}

test('no open page is too wide for the smallest phone @phone', async ({ page, shop, expectedMessages }) => {
  test.slow();
  await page.setViewportSize({ width: 320, height: 640 });
  await walks['open page']({ shop, look: (name) => fits(page, name), expectedMessages });
});
