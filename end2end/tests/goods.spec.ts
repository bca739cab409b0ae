// Looking through the goods: lists that change under one's hands, and the way into the cart on a phone.
import { expect, test } from '../fixtures.ts';
import { product } from '../pages.ts';

test('while a narrowed list is on its way the old one stays, and says that it is busy', async ({ page, shop, visit, t, isMobile }) => {
  await visit('/c/tenugui');
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/catalogue/category*', async (route) => {
    await held;
    await route.continue();
  });
  if (isMobile) await shop.main.locator('summary').click();
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

test('on a phone the button for the cart is always in reach and covers nothing @all', async ({ page, shop, visit, isMobile, lang }) => {
  test.skip(!isMobile, 'there is room beside the picture');
  await visit(product.path);
  const button = shop.button('カートに入れる', 'Add to cart');
  await expect(button).toHaveCount(1);
  await expect(button).toBeInViewport({ ratio: 1 });
  const last = shop.main.getByRole('article').last().getByRole('link');
  await last.focus();
  await expect(last).toBeFocused();
  const [below, bar] = [await last.boundingBox(), await button.boundingBox()];
  expect(below && bar && below.y + below.height <= bar.y, 'what has the focus lies above the bar').toBe(true);
  await expect(button).toBeInViewport({ ratio: 1 });
  await button.click();
  await expect(page).toHaveURL(/\/cart$/);
  await expect(shop.line(product.name[lang])).toBeVisible();
});
