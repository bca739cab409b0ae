// Searching from the header of any page.
import { expect, test } from '../fixtures.ts';
import { product } from '../pages.ts';

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

test('the header of every page searches @all', async ({ page, shop, visit, lang }) => {
  await visit('/legal/terms');
  await shop.search(product.query[lang]);
  await expect(shop.main.getByRole('link', { name: new RegExp(product.name[lang]) }).first()).toBeVisible();
  await expect(page.getByRole('listbox')).toBeHidden();
});
