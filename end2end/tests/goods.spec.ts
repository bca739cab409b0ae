// Looking at one of the goods.
import { expect, test } from '../fixtures.ts';
import { product } from '../shop.ts';

test('on a phone the button for the cart is always in reach and covers nothing @all @phone', async ({ page, shop, visit, lang }) => {
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
