// Where a person is signed in, and what happens when a sign-in ends.
import { expect, test } from '../fixtures.ts';
import { password, product } from '../shop.ts';

const firefox = { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0' };

test('a customer signs one device out, and that one alone @posts', async ({ page, shop, visit, elsewhere }) => {
  test.slow();
  const email = await shop.register();
  const [ended, kept] = [await elsewhere(firefox), await elsewhere()];
  for (const device of [ended, kept]) {
    await device.visit('/login');
    await device.signIn(email, password);
  }

  await visit('/account/security');
  const end = shop.button('Firefox.*をログアウト', 'Sign out Firefox');
  await end.click();
  await expect(end).toHaveCount(0);
  await expect(page).toHaveURL(/\/account\/security$/);

  await ended.visit('/account/security');
  await expect(ended.page).toHaveURL(/\/login\?next=/);
  await kept.visit('/account/security');
  await expect(kept.page).toHaveURL(/\/account\/security$/);
});

test('a customer signs every other device out at once and stays signed in @posts', async ({ page, shop, visit, elsewhere }) => {
  test.slow();
  const email = await shop.register();
  const devices = [await elsewhere(firefox), await elsewhere()];
  for (const device of devices) {
    await device.visit('/login');
    await device.signIn(email, password);
  }

  await shop.signOutOthers();
  for (const device of devices) {
    await device.visit('/account/security');
    await expect(device.page).toHaveURL(/\/login\?next=/);
  }
  await visit('/account/security');
  await expect(page).toHaveURL(/\/account\/security$/);
});

test('a sign-in that ends during the checkout is said so, and nothing typed is lost @posts', async ({ page, shop, visit, elsewhere, t, expectedMessages }) => {
  test.slow();
  expectedMessages.push(/status of 4\d\d .*\/api\/checkout\/save-contact\)$/);
  const email = await shop.register();
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  const { name } = await shop.writeContact(email);

  const other = await elsewhere();
  await other.visit('/login');
  await other.signIn(email, password);
  await other.signOutOthers();

  await shop.button('配送の選択へ', 'Continue to delivery').first().click();
  await expect(page).toHaveURL((url) => url.pathname.endsWith('/login') && url.searchParams.get('next') === '/checkout/contact');
  const words = t('ログアウトしています', 'Your sign-in has ended');
  const said = page.getByRole('alert').or(page.getByRole('status')).filter({ hasText: words });
  await expect(said.first()).toBeVisible();

  await shop.signIn(email, password, /\/checkout\/contact$/);
  await expect(shop.field('お名前', 'Full name')).toHaveValue(name);
});
