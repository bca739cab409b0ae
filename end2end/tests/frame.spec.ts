// What every page has.
import { missing } from '../console.ts';
import { expect, test } from '../fixtures.ts';
import { product } from '../shop.ts';

test('a wrong address says so and shows ways on @all', async ({ page, visit, t, expectedMessages }) => {
  expectedMessages.push(missing('/no-such-page'));
  await visit('/no-such-page');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(t('ページが見つかりません', 'Page not found'));
  await expect(page.getByRole('main').getByLabel(t('商品をさがす', 'Search the shop'))).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: t('トップページへ', 'To the home page') })).toBeVisible();
});

test('the other language is one link away and shows the same page @all', async ({ page, shop, visit, lang, t, life }) => {
  await visit(product.path);
  await expect(shop.heading(product.name[lang])).toBeVisible();
  const other = lang === 'ja' ? 'en' : 'ja';
  // On a phone the link stands in the menu.
  const menu = page.getByRole('banner').locator('summary');
  if (await menu.isVisible()) await menu.click();
  await page.getByRole('link', { name: t('English', '日本語') }).filter({ visible: true }).first().click();
  await expect(page).toHaveURL(other === 'en' ? /\/en\/p\// : /\d\/p\//);
  await expect(page.locator(`html[lang=${other}]`)).toBeAttached();
  if (life === 'hydrated') await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await expect(page.getByRole('heading', { level: 1, name: product.name[other] })).toBeVisible();
});

test('after a link the focus stands in the new page', async ({ shop, visit, lang }) => {
  await visit('/c/tenugui');
  await shop.main.getByRole('link', { name: new RegExp(product.name[lang]) }).first().click();
  await expect(shop.heading(product.name[lang])).toBeVisible();
  await shop.arrived();
});

test('a page whose wasm has failed says so, and its links and forms go on working', async ({ page, shop, visit, lang, t }) => {
  const failed = page.locator('html[data-wasm-failed]');
  const banner = page.getByText(t('ページの一部の機能が止まりました', 'A part of this page has stopped'));
  const fail = async () => {
    await page.evaluate(() => document.documentElement.setAttribute('data-wasm-failed', ''));
    await expect(banner).toBeVisible();
  };
  await visit('/c/tenugui');
  await expect(banner).toBeHidden();
  await fail();
  await shop.main.getByRole('link', { name: new RegExp(product.name[lang]) }).first().click();
  await expect(page).toHaveURL(new RegExp(`${product.path}$`));
  await expect(failed, 'the page was loaded whole').toHaveCount(0);
  await shop.awake();
  await expect(shop.heading(product.name[lang])).toBeVisible();

  await fail();
  await shop.button('カートに入れる', 'Add to cart').first().click();
  await expect(page).toHaveURL(/\/cart$/);
  await expect(failed, 'the page was loaded whole').toHaveCount(0);
  await shop.awake();
  await expect(shop.line(product.name[lang])).toBeVisible();
});
