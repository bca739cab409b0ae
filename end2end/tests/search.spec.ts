// Searching from the header of any page.
import { missing } from '../console.ts';
import { expect, test } from '../fixtures.ts';
import { product } from '../shop.ts';

test('suggestions come while typing and are picked with the keys', async ({ page, shop, visit, lang, t }) => {
  await visit('/help');
  const box = page.getByRole('banner').getByRole('combobox', { name: t('商品をさがす', 'Search the shop') });
  await box.pressSequentially(t('青海', 'seigai'));
  const list = page.getByRole('listbox', { name: t('検索の候補', 'Suggestions') });
  await expect(list).toBeVisible();
  await expect(box).toHaveAttribute('aria-expanded', 'true');

  await box.press('Escape');
  await expect(list).toBeHidden();
  await expect(box).toHaveValue(t('青海', 'seigai'));

  await box.press('ArrowDown');
  const first = list.getByRole('option').first();
  await expect(first).toHaveAttribute('aria-selected', 'true');
  await expect(box).toBeFocused();
  const words = (await first.textContent()) ?? '';
  await box.press('Enter');
  await expect(page).toHaveURL((url) => url.pathname.endsWith('/search') && url.searchParams.get('q') === words);
  await expect(list).toBeHidden();
  await expect(shop.main.getByRole('link', { name: new RegExp(product.name[lang]) }).first()).toBeVisible();
});

const kindsOfPages = ['/', '/c/tenugui', product.path, '/cart', '/login', '/legal/terms', '/no-such-page'];

test('the header of every kind of page searches @all', async ({ page, shop, visit, lang, expectedMessages }) => {
  test.slow();
  expectedMessages.push(missing('/no-such-page'));
  for (const path of kindsOfPages) {
    await test.step(path, async () => {
      await visit(path);
      await shop.search(product.query[lang]);
      await expect(shop.main.getByRole('link', { name: new RegExp(product.name[lang]) }).first()).toBeVisible();
      await expect(page.getByRole('listbox')).toBeHidden();
    });
  }
});
