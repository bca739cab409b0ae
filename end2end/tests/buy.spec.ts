// A person finds something and buys it.
import { expect, mails, newAddress, test } from '../fixtures.ts';
import { product } from '../pages.ts';

test('a guest finds a cloth, buys it by card and gets a mail @all', async ({ page, shop, visit, lang, t }) => {
  const email = newAddress();

  await visit('/');
  await shop.main.getByRole('link', { name: new RegExp(t('手ぬぐい', 'Tenugui')) }).first().click();
  await expect(page).toHaveURL(/\/[cp]\//);
  await expect(shop.main.getByRole('heading', { level: 1 })).toContainText(t('手ぬぐい', 'Tenugui'));

  await shop.search(product.query[lang]);
  await shop.main.getByRole('link', { name: new RegExp(product.name[lang]) }).first().click();
  await expect(page).toHaveURL(new RegExp(`${product.path}`));
  await expect(shop.heading(product.name[lang])).toBeVisible();
  await shop.awake();

  await shop.putIntoCart();
  await expect(shop.main.getByRole('link', { name: new RegExp(product.name[lang]) }).first()).toBeVisible();

  await shop.checkout(email, 'card');
  await shop.placeOrder(/\/test-bank\/pay\//);
  await shop.bank('approve');
  await expect(page).toHaveURL(/\/orders\/[\w-]+$/);
  await expect(shop.main).toContainText(product.name[lang]);

  const [mail] = await mails(email);
  expect(mail?.text).toContain(product.name[lang]);
  expect(mail?.text).toContain('/orders/');
  expect(mail?.html).toContain(product.name[lang]);

  await visit('/cart');
  await expect(shop.main).toContainText(t('カートはまだ空です', 'Your cart is still empty'));
});

for (const way of ['transfer', 'cash'] as const) {
  test(`an order can be paid by ${way}`, async ({ page, shop, visit, lang }) => {
    await visit(product.path);
    await shop.putIntoCart();
    await shop.checkout(newAddress(), way);
    await shop.placeOrder(/\/orders\/[\w-]+$/);
    await expect(shop.main).toContainText(product.name[lang]);
    const order = page.url();
    await page.goBack({ waitUntil: 'domcontentloaded' });
    await page.goto(order, { waitUntil: 'domcontentloaded' });
    await expect(shop.main).toContainText(product.name[lang]);
  });
}

test('a declined card loses nothing: the shopper can pay another way', async ({ page, shop, visit, lang, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await shop.checkout(newAddress(), 'card');
  await shop.placeOrder(/\/test-bank\/pay\//);
  await shop.bank('decline');
  await expect(page).not.toHaveURL(/\/test-bank\/pay\//);
  await expect(shop.main).toContainText(t('お支払いができなかった', 'did not go through'));
});

test('what was typed before the wasm wakes is kept @all', async ({ shop, visit, release, life }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  await shop.field('お名前', 'Full name').fill('暖簾 花子');
  if (life === 'wasm-held') {
    release();
    await expect(shop.page.locator('html[data-hydrated]')).toBeAttached();
  }
  await expect(shop.field('お名前', 'Full name')).toHaveValue('暖簾 花子');
});

test('a form with errors says what to mend and keeps what was typed @all', async ({ page, shop, visit, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  await shop.field('お名前', 'Full name').fill('暖簾 花子');
  await shop.field('メールアドレス', 'E-?mail').fill('hanako@invalid');
  await shop.field('郵便番号', 'Postal code').fill('12');
  await shop.field('市区町村', 'City').fill('千代田区');
  await shop.field('番地', 'Street').fill('1-1-1');
  await shop.field('電話番号', 'Phone').fill('12345');
  await shop.button('配送の選択へ', 'Continue to delivery').first().click();
  const summary = page.getByRole('alert');
  await expect(summary).toContainText(t('郵便番号', 'Postal code'));
  await expect(summary).toContainText(t('電話番号', 'Phone'));
  await expect(page).toHaveURL(/\/checkout\/contact$/);
  await expect(shop.field('お名前', 'Full name')).toHaveValue('暖簾 花子');
  await expect(shop.field('郵便番号', 'Postal code')).toHaveValue('12');
  await expect(shop.field('郵便番号', 'Postal code')).toHaveAttribute('aria-invalid', 'true');
});

test('a postal code that leads nowhere is said in words, and what was typed stays @all', async ({ page, shop, visit, t, life }) => {
  test.skip(life === 'wasm-held' || life === 'wasm-broken', 'the same form post as with scripts off');
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  await shop.field('お名前', 'Full name').fill('暖簾 花子');
  await shop.field('郵便番号', 'Postal code').fill('000-0000');
  await shop.button('住所を入れる', 'Fill in the address').click();
  await expect(page.getByText(t('見つかり', life === 'hydrated' ? 'no address for this code' : 'does not belong')).first()).toBeVisible();
  await expect(shop.field('お名前', 'Full name')).toHaveValue('暖簾 花子');
  await expect(shop.field('郵便番号', 'Postal code')).toHaveValue('000-0000');
  await shop.field('郵便番号', 'Postal code').fill('100-0005');
  if (life !== 'hydrated') await shop.button('住所を入れる', 'Fill in the address').click();
  await expect(shop.field('都道府県', 'Prefecture')).toHaveValue('13');
  await expect(shop.field('市区町村', 'City')).toHaveValue(/千代田区/);
});
