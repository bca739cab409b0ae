// Walks through the shop and takes a picture of every page on the way.
import { join } from 'node:path';
import { test } from '../fixtures.ts';
import { accountPages, demoPassword, openPages, product } from '../pages.ts';
import { root } from '../server.ts';

const name = (path: string) => path.replace(/^\//, '').replace(/[^a-z0-9-]+/gi, '-') || 'home';

test('every page', async ({ page, shop, visit, expectedMessages }, info) => {
  expectedMessages.push(/./);
  const shoot = async (title: string) => {
    await page.screenshot({ path: join(root, 'screenshots', info.project.name, `${title}.png`), fullPage: true });
  };
  for (const path of openPages) {
    await visit(path);
    await shoot(name(path));
  }

  await visit(product.path);
  await shop.putIntoCart();
  await shoot('cart-with-goods');
  await visit('/checkout/contact');
  await shoot('checkout-contact');
  await shop.contact('pictures@example.jp');
  await shoot('checkout-delivery');
  await shop.delivery();
  await shoot('checkout-payment');
  await shop.payment('transfer');
  await shoot('checkout-confirm');
  await shop.placeOrder(/\/orders\/[\w-]+$/);
  await shop.awake();
  await shoot('order');

  await visit('/login');
  await shop.signIn('hanako@example.jp', demoPassword);
  for (const path of accountPages) {
    await visit(path);
    await shoot(name(path));
  }
});
