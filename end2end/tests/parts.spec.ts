// The wasm comes in parts: what happens when one of them does not come.
import { lostPart } from '../console.ts';
import { expect, test } from '../fixtures.ts';
import { product } from '../shop.ts';

const buying = '**/pkg/split_buying*.wasm';

test('a page whose part of the wasm cannot be fetched says so, and loading it again helps', async ({ page, shop, visit, t, expectedMessages }) => {
  expectedMessages.push(...lostPart);
  await visit(product.path);
  await page.route(buying, (route) => route.abort());
  await page.getByRole('banner').getByRole('link', { name: t('カート', 'Cart') }).click();
  await expect(shop.heading(t('表示できませんでした', 'This page could not be shown'))).toBeVisible();
  await page.unroute(buying);
  await shop.link('もう一度読み込む', 'Load again').click();
  await expect(shop.heading(t('カート', 'Cart'))).toBeVisible();
  await shop.awake();
});

test('a first page whose part of the wasm cannot be fetched goes on without it', async ({ page, shop, visit, lang, t, expectedMessages }) => {
  expectedMessages.push(...lostPart);
  await visit(product.path);
  await shop.putIntoCart();
  await page.route(buying, (route) => route.abort());
  await page.goto(lang === 'en' ? '/en/checkout/contact' : '/checkout/contact');
  await expect(page.getByText(t('ページの一部の機能が止まりました', 'A part of this page has stopped'))).toBeVisible();
  await shop.contactWithSlips();
  await expect(page.getByRole('alert').filter({ hasText: t('郵便番号', 'Postal code') })).toBeVisible();
  await expect(shop.field('お名前', 'Full name')).toHaveValue('暖簾 花子');
});
