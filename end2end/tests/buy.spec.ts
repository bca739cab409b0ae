// A person finds something and buys it.
import { expect, test } from '../fixtures.ts';
import { mails, newAddress } from '../mailbox.ts';
import { product } from '../shop.ts';

test('a guest finds a cloth, buys it by card and gets a mail @all @matrix', async ({ page, shop, visit, lang, t, life }) => {
  const email = newAddress();

  await visit('/');
  await shop.link('手ぬぐい', 'Tenugui').click();
  await expect(page).toHaveURL(/\/[cp]\//);
  await expect(shop.heading(t('手ぬぐい', 'Tenugui'))).toBeVisible();
  if (life === 'hydrated') await shop.arrived();

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
  await expect(shop.main).toContainText(product.name[lang]);

  const [mail] = await mails(email);
  expect(mail?.text).toContain(product.name[lang]);
  expect(mail?.text).toContain('/orders/');
  expect(mail?.html).toContain(product.name[lang]);

  await visit('/cart');
  await expect(shop.main).toContainText(t('カートに商品はありません', 'Your cart is empty'));
});

for (const way of ['transfer', 'cash'] as const) {
  test(`an order can be paid by ${way} @posts`, async ({ page, shop, visit, lang }) => {
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

test('a declined card loses nothing: the goods are in the cart, and the shopper pays another way @posts', async ({ page, shop, visit, lang, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await shop.checkout(newAddress(), 'card');
  await shop.placeOrder(/\/test-bank\/pay\//);
  await shop.bank('decline');
  await expect(shop.main).toContainText(t('お支払いができなかった', 'did not go through'));
  const declined = page.url();

  await shop.link('カートを見る', 'See the cart').click();
  await expect(page).toHaveURL(/\/cart$/);
  await expect(shop.line(product.name[lang])).toBeVisible();
  await expect(shop.quantityOf(product.name[lang])).toHaveValue('1');

  await page.goto(declined, { waitUntil: 'domcontentloaded' });
  await shop.awake();
  await shop.link('お支払い方法を選び直す', 'Choose how to pay').click();
  await expect(page).toHaveURL(/\/checkout\/payment$/);
  await shop.payment('transfer');
  await shop.placeOrder(/\/orders\/[\w-]+$/);
  await expect(shop.heading(t('ご注文ありがとうございます', 'Thank you for your order'))).toBeVisible();
  await expect(shop.main).toContainText(product.name[lang]);
  await expect(shop.main).toContainText(t('お振込みをお願いします', 'Please transfer the amount'));
});
