// Lists that are narrowed and sorted: what is chosen stands in the address, with scripts and without.
import { expect, test } from '../fixtures.ts';

test('a category is narrowed and sorted, and its address and its form say so @all', async ({ page, shop, visit, awake, t, life, isMobile }) => {
  await visit('/c/tenugui');
  const goods = shop.main.getByRole('article');
  const choice = shop.main.getByRole('checkbox', { name: new RegExp(`^${t('藍', 'Indigo')}\\s*\\d`) });
  const order = shop.main.getByLabel(t('並び順', 'Sort by'));
  const unfold = async () => {
    if (isMobile && !(await choice.isVisible())) await shop.main.getByText(t('絞り込み・並べ替え', 'Filter and sort')).click();
  };
  const prices = async () =>
    (await goods.allTextContents()).map((text) => Number((/([\d,]+)円|¥([\d,]+)/.exec(text)?.slice(1).join('') ?? '').replace(/,/g, '')));

  await unfold();
  const all = await goods.count();
  const label = await choice.evaluate((box: HTMLInputElement) => box.labels?.[0]?.textContent ?? '');
  const promised = Number(/\d+\s*$/.exec(label)?.[0]);
  expect(promised).toBeGreaterThan(1);
  expect(promised).toBeLessThan(all);

  // With wasm every choice goes along by itself; without, the form has a button.
  await choice.check();
  if (life === 'hydrated') await expect(goods).toHaveCount(promised);
  await order.selectOption({ label: t('価格の安い順', 'Price: low to high') });
  if (life !== 'hydrated') await shop.button('この条件で見る', 'Apply').click();

  const stands = async () => {
    await expect(page).toHaveURL(({ pathname, searchParams }) => {
      const facets = [...searchParams].filter(([name]) => name.startsWith('f.'));
      return pathname.endsWith('/c/tenugui') && facets.length === 1 && searchParams.get('sort') === 'price';
    });
    await awake();
    await expect(goods).toHaveCount(promised);
    await expect(shop.main.getByRole('status').filter({ hasText: /^\d+(点| products?)$/ })).toHaveText(t(`${promised}点`, `${promised} products`));
    await expect.poll(async () => (await prices()).every((price, at, list) => price > 0 && price >= (list[at - 1] ?? 0))).toBe(true);
    await unfold();
    await expect(choice).toBeChecked();
    await expect(order).toHaveValue('price');
  };
  await stands();
  // Whoever is sent the address sees the same list.
  await page.goto(page.url(), { waitUntil: 'domcontentloaded' });
  await stands();
});

test('while a narrowed list is on its way the old one stays, and says that it is busy', async ({ page, shop, visit, t, isMobile }) => {
  await visit('/c/tenugui');
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/catalogue/category*', async (route) => {
    await held;
    await route.continue();
  });
  if (isMobile) await shop.main.getByText(t('絞り込み・並べ替え', 'Filter and sort')).click();
  const goods = shop.main.getByRole('article');
  const before = await goods.count();
  const choice = shop.main.getByRole('checkbox', { name: t('浅葱', 'Asagi') });
  await choice.check();
  await expect(page).toHaveURL(/f\./);
  await expect(shop.main.locator('[aria-busy=true]')).toBeAttached();
  await expect(goods).toHaveCount(before);
  await expect(choice).toBeFocused();
  answer();
  await expect(goods).not.toHaveCount(before);
  await expect(shop.main.locator('[aria-busy=true]')).toHaveCount(0);
  await expect(choice).toBeFocused();
});
