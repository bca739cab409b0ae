// The wasm comes in parts: what happens when one of them does not come.
import type { Route } from '@playwright/test';
import { lostPart } from '../console.ts';
import { expect, test } from '../fixtures.ts';
import { product } from '../shop.ts';

const buying = '**/pkg/**/split_buying*.wasm';

const losses: Record<string, (route: Route) => Promise<void>> = {
  'while the network is down': (route) => route.abort(),
  'since the shop has gone on to another version': (route) => route.fulfill({ status: 404, contentType: 'text/html', body: 'not found' }),
};

test('a page names its part of the wasm, so that it comes along with the first one', async ({ page, visit }) => {
  await visit('/cart');
  await expect(page.locator('link[rel=preload][href*="/split_buying"]')).toBeAttached();
});

for (const [why, lose] of Object.entries(losses)) {
  test(`a page whose part of the wasm cannot be had ${why} says so, and loading it again helps`, async ({ page, shop, visit, t, expectedMessages }) => {
    expectedMessages.push(...lostPart);
    await visit(product.path);
    await page.route(buying, lose);
    await page.getByRole('banner').getByRole('link', { name: t('カート', 'Cart') }).click();
    await expect(shop.heading(t('表示できませんでした', 'This page could not be shown'))).toBeVisible();
    await page.unroute(buying);
    await shop.link('もう一度読み込む', 'Load again').click();
    await expect(shop.heading(t('カート', 'Cart'))).toBeVisible();
    await shop.awake();
  });

  test(`a first page whose part of the wasm cannot be had ${why} goes on without it`, async ({ page, shop, visit, lang, t, expectedMessages }) => {
    expectedMessages.push(...lostPart);
    await visit(product.path);
    await shop.putIntoCart();
    await page.route(buying, lose);
    const gaveUp = page.waitForEvent('console', (message) => message.text().startsWith('TypeError'));
    await page.goto(lang === 'en' ? '/en/checkout/contact' : '/checkout/contact');
    await gaveUp;
    await shop.contactWithSlips();
    await expect(page.getByRole('alert').filter({ hasText: t('郵便番号', 'Postal code') })).toBeVisible();
    await expect(shop.field('お名前', 'Full name')).toHaveValue('暖簾 花子');
  });
}
