// The cart takes what makes sense and says why it does not take the rest.
import { refused } from '../console.ts';
import { expect, test } from '../fixtures.ts';
import { product } from '../shop.ts';

for (const quantity of ['0', '-1', '1000000000', 'abc']) {
  test(`a quantity of ${quantity} is refused in words and changes nothing @posts`, async ({ page, shop, visit, lang, t, expectedMessages }) => {
    expectedMessages.push(refused('cart/set'));
    await visit(product.path);
    await shop.putIntoCart();
    await visit('/cart');
    await shop.forceQuantity(product.name[lang], quantity);
    await expect(page.getByRole('alert').first()).toContainText(t('までの整数で', 'whole number'));
    await expect(page).toHaveURL(/\/cart$/);
    await visit('/cart');
    await expect(shop.quantityOf(product.name[lang])).toHaveValue('1');
  });
}

test('the last line can be taken out and the cart says that it is empty @all', async ({ shop, visit, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await shop.button('削除', 'Remove').first().click();
  await expect(shop.main).toContainText(t('カートに商品はありません', 'Your cart is empty'));
});

const other = { path: '/p/tenugui-asanoha', name: { ja: '手ぬぐい 麻の葉', en: 'Tenugui, Asanoha hemp leaf' } };

test('a refused quantity names its line and leads to it, and no other line is marked @posts', async ({ page, shop, visit, lang, t, expectedMessages }) => {
  expectedMessages.push(refused('cart/set'));
  await visit(product.path);
  await shop.putIntoCart();
  await visit(other.path);
  await shop.putIntoCart();
  await visit('/cart');
  const box = (name: string) => shop.quantityOf(name);
  await box(other.name[lang]).evaluate((input: HTMLInputElement) => input.form?.setAttribute('novalidate', ''));
  await shop.quantity(other.name[lang], '100');
  const link = page.getByRole('alert').getByRole('link', { name: new RegExp(other.name[lang]) });
  await expect(link).toContainText(t('までの整数で', 'whole number'));
  await expect(box(other.name[lang])).toHaveAttribute('aria-invalid', 'true');
  await expect(box(product.name[lang])).not.toHaveAttribute('aria-invalid');
  await link.click();
  await expect(box(other.name[lang])).toBeFocused();
});

test('one more is shown at once, in line, total and header, before the server has answered', async ({ page, shop, visit, lang, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  const yen = (amount: string) => t(`${amount}円`, `¥${amount}`);
  await expect(shop.line(product.name[lang])).toContainText(yen('1,320'));
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/cart/set*', async (route) => {
    await held;
    await route.continue();
  });
  await shop.line(product.name[lang]).getByRole('button', { name: t('1点増やす', 'One more') }).click();
  await expect(shop.line(product.name[lang])).toContainText(yen('2,640'));
  await expect(shop.main.getByRole('complementary')).toContainText(yen('3,300'));
  await expect(page.getByRole('banner').getByRole('link', { name: t('カート', 'Cart') })).toContainText('2');
  answer();
  await page.waitForResponse('**/api/cart/view*');
  await visit('/cart');
  await expect(shop.line(product.name[lang])).toContainText(yen('2,640'));
});

test('a change made just before the page is left is not lost', async ({ page, shop, visit, lang, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  const set = page.waitForResponse('**/api/cart/set*');
  await shop.line(product.name[lang]).getByRole('button', { name: t('1点増やす', 'One more') }).click();
  await shop.main.getByRole('link', { name: t('ご購入手続きへ', 'Go to checkout') }).filter({ visible: true }).click();
  await expect(page).toHaveURL(/\/checkout\/contact$/);
  expect((await set).status()).toBe(200);
  await expect(shop.main.getByRole('complementary')).toContainText(t('3,300円', '¥3,300'));
  await visit('/cart');
  await expect(shop.quantityOf(product.name[lang])).toHaveValue('2');
});

test('a change made just before the page is loaded anew is not lost', async ({ page, shop, visit, lang, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await shop.line(product.name[lang]).getByRole('button', { name: t('1点増やす', 'One more') }).click();
  // Sent as the document goes, so perhaps behind the request for the next one.
  await page.reload();
  await expect(async () => {
    await visit('/cart');
    await expect(shop.quantityOf(product.name[lang])).toHaveValue('2', { timeout: 1_000 });
  }).toPass();
});

test('whoever asks for more than there can be stays in the cart and is told', async ({ page, shop, visit, lang, t, expectedMessages }) => {
  expectedMessages.push(refused('cart/set'));
  await visit(product.path);
  await shop.putIntoCart();
  const box = shop.quantityOf(product.name[lang]);
  await box.evaluate((input: HTMLInputElement) => input.form?.setAttribute('novalidate', ''));
  await box.fill('999');
  await shop.main.getByRole('link', { name: t('ご購入手続きへ', 'Go to checkout') }).filter({ visible: true }).click();
  await expect(page.getByRole('alert').first()).toContainText(t('までの整数で', 'whole number'));
  await expect(page).toHaveURL(/\/cart$/);
});

test('a change that fails is taken back, with the reason', async ({ page, shop, visit, lang, t, expectedMessages }) => {
  expectedMessages.push(/status of 503 .*\/api\/cart\/set\)$/);
  await visit(product.path);
  await shop.putIntoCart();
  const yen = (amount: string) => t(`${amount}円`, `¥${amount}`);
  await page.route('**/api/cart/set*', (route) => route.fulfill({ status: 503, body: '' }));
  await shop.line(product.name[lang]).getByRole('button', { name: t('1点増やす', 'One more') }).click();
  await expect(page.getByRole('alert')).toContainText(t('サーバーからの応答がありませんでした', 'No answer reached us'));
  await expect(shop.main.getByRole('complementary')).toContainText(yen('1,980'));
  await expect(shop.quantityOf(product.name[lang])).toHaveValue('1');
});

test('a line that is taken out is gone at once, and the page says so', async ({ page, shop, visit, lang, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await visit(other.path);
  await shop.putIntoCart();
  await shop.line(product.name[lang]).getByRole('button', { name: t('削除', 'Remove') }).click();
  await expect(shop.line(product.name[lang])).toHaveCount(0);
  await expect(shop.line(other.name[lang])).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: t('カートから削除しました', 'was removed from your cart') })).toBeAttached();
  await expect(shop.heading(t('カート', 'Cart'))).toBeFocused();
});
