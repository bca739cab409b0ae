// What every page has.
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '../fixtures.ts';
import { accountPages, demoPassword, openPages, product } from '../pages.ts';

test('a wrong address says so and shows ways on @all', async ({ page, visit, t, expectedMessages }) => {
  expectedMessages.push(/404/);
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

test('no open page has a fault that axe finds', async ({ page, visit, expectedMessages }) => {
  test.slow();
  expectedMessages.push(/404/);
  for (const path of openPages) {
    await visit(path);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`);
    expect.soft(found, path).toEqual([]);
  }
});

test('no page of the account has a fault that axe finds', async ({ page, shop, visit }) => {
  await visit('/login');
  await shop.signIn('hanako@example.jp', demoPassword);
  for (const path of accountPages) {
    await visit(path);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((one) => `${path} ${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
  }
});

test('no page of the checkout has a fault that axe finds', async ({ page, shop, visit }) => {
  const look = async () => {
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((one) => `${page.url()} ${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
  };
  await visit(product.path);
  await shop.putIntoCart();
  await look();
  await visit('/checkout/contact');
  await look();
  await shop.contact('axe@example.jp');
  await look();
  await shop.delivery();
  await look();
  await shop.payment('transfer');
  await look();
  await shop.placeOrder(/\/orders\/[\w-]+$/);
  await look();
});
