// The address book of an account, and orders from before there was one.
import { expect, test } from '../fixtures.ts';
import { codes, newAddress, newCode } from '../mailbox.ts';
import { product } from '../shop.ts';

test('an address that is kept at the checkout is chosen with one press the next time @all', async ({ page, shop, visit, t }) => {
  const email = await shop.register();
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  await shop.writeContact(email);
  await page.getByLabel(t('このお届け先を保存する', 'Save this address')).check();
  await shop.press('配送の選択へ', 'Continue to delivery', /\/checkout\/delivery$/);

  await visit('/checkout/contact');
  const saved = page.getByRole('region', { name: t('保存したお届け先から選ぶ', 'Choose a saved address') });
  await expect(saved.getByRole('listitem')).toHaveCount(1);
  await expect(saved).toContainText('1-1-1');
  await shop.press('このお届け先に送る', 'Send it here', /\/checkout\/delivery$/);
});

test('addresses are added, changed, put in front and removed @all', async ({ shop, visit, t }) => {
  await shop.register();
  const items = shop.main.getByRole('listitem');
  const contact = { name: t('暖簾 太郎', 'Taro Noren'), postalCode: '100-0005', city: t('千代田区丸の内', 'Chiyoda-ku Marunouchi') };
  for (const street of ['1-1-1', '2-2-2']) {
    await visit('/account/addresses/new');
    await shop.writeAddress(contact, street);
    await shop.press('保存する', 'Save', /\/account\/addresses$/);
    await expect(items.filter({ hasText: street })).toHaveCount(1);
  }
  await items.filter({ hasText: '2-2-2' }).getByRole('button', { name: t('いつものお届け先にする', 'Offer this first') }).click();
  await expect(items.first()).toContainText('2-2-2');
  await shop.awake();
  await items.filter({ hasText: '1-1-1' }).getByRole('link', { name: new RegExp(t('変更する', 'Change')) }).click();
  await expect(shop.heading(t('お届け先の変更', 'Change an address'))).toBeVisible();
  await shop.awake();
  await shop.field('番地', 'Street').fill('3-3-3');
  await shop.press('保存する', 'Save', /\/account\/addresses$/);
  const changed = items.filter({ hasText: '3-3-3' });
  await expect(changed).toHaveCount(1);
  await changed.locator('summary').click();
  await changed.getByRole('button', { name: t('この住所を削除する', 'Remove this address') }).click();
  await expect(items).toHaveCount(1);
  await expect(items).toContainText('2-2-2');
});

test('orders of a guest come into the account, at once after the registration and later by a code @posts', async ({ page, shop, visit, t }) => {
  test.slow();
  const email = newAddress();
  const buy = async () => {
    await visit(product.path);
    await shop.putIntoCart();
    await shop.checkout(email, 'cash');
    await shop.placeOrder(/\/orders\/[\w-]+$/);
    await shop.awake();
  };
  const session = async () => (await page.context().cookies()).filter(({ name }) => name === 'noren-session');
  const orders = shop.main.getByRole('link', { name: /N-\w{4}-\w{4}/ });
  await buy();
  await shop.register(email);
  await visit('/account/orders');
  await expect(orders).toHaveCount(0);
  await visit('/account');
  await shop.press('ご注文を履歴に加える', 'Add the orders', /\/account\/guest-orders$/);
  await expect(shop.main.getByRole('status')).toContainText(t('1件のご注文を', 'One order was added'));
  await visit('/account/orders');
  await expect(orders).toHaveCount(1);

  // Another one as a guest, and back.
  const signedIn = await session();
  await page.context().clearCookies({ name: 'noren-session' });
  await buy();
  await page.context().addCookies(signedIn);
  await visit('/account/orders');
  await expect(orders).toHaveCount(1);
  await visit('/account/guest-orders');
  const before = codes(email).length;
  await shop.press('確認コードを送る', 'Send me the code', /\/account\/guest-orders\/code$/);
  await shop.field('確認コード', 'Eight-digit code').fill(await newCode(email, before));
  await shop.press('ご注文を履歴に加える', 'Add the orders', /\/account\/guest-orders$/);
  await visit('/account/orders');
  await expect(orders).toHaveCount(2);
});
