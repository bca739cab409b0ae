// The longest form of the shop: what is typed into it is kept, understood, and never overwritten.
import { refused } from '../console.ts';
import { expect, test } from '../fixtures.ts';
import { newAddress } from '../mailbox.ts';
import { product } from '../shop.ts';

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

test('a form with errors says what to mend and keeps what was typed @all @matrix', async ({ page, shop, visit, t, expectedMessages }) => {
  expectedMessages.push(refused('checkout/save-contact'));
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  await shop.contactWithSlips();
  const summary = page.getByRole('alert');
  await expect(summary).toContainText(t('郵便番号', 'Postal code'));
  await expect(summary).toContainText(t('電話番号', 'Phone'));
  await expect(page).toHaveURL(/\/checkout\/contact$/);
  await expect(shop.field('お名前', 'Full name')).toHaveValue('暖簾 花子');
  await expect(shop.field('郵便番号', 'Postal code')).toHaveValue('12');
  await expect(shop.field('郵便番号', 'Postal code')).toHaveAttribute('aria-invalid', 'true');
});

test('a postal code that leads nowhere is said in words, and what was typed stays @posts', async ({ page, shop, visit, lang, life }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  await shop.field('お名前', 'Full name').fill('暖簾 花子');
  await shop.field('郵便番号', 'Postal code').fill('000-0000');
  await shop.button('住所を入れる', 'Fill in the address').click();
  await expect(page.getByText(lang === 'ja' ? /見つかり/ : /no address for this code/i).first()).toBeVisible();
  await expect(shop.field('お名前', 'Full name')).toHaveValue('暖簾 花子');
  await expect(shop.field('郵便番号', 'Postal code')).toHaveValue('000-0000');
  await shop.field('郵便番号', 'Postal code').fill('100-0005');
  if (life !== 'hydrated') await shop.button('住所を入れる', 'Fill in the address').click();
  await expect(shop.field('都道府県', 'Prefecture')).toHaveValue('13');
  await expect(shop.field('市区町村', 'City')).toHaveValue(/千代田区/);
});

test('an address whose postal code the shop does not know is taken as it was typed @posts', async ({ shop, visit, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  const { city } = await shop.contact(newAddress(), { postalCode: '000-0000' });
  await expect(shop.heading(t('配送の選択', 'Delivery'))).toBeVisible();
  await visit('/checkout/contact');
  await expect(shop.field('郵便番号', 'Postal code')).toHaveValue(/000-?0000/);
  await expect(shop.field('都道府県', 'Prefecture')).toHaveValue('13');
  await expect(shop.field('市区町村', 'City')).toHaveValue(city);
});

test('Enter in the phone field goes on to delivery and leaves the address as it was typed @all', async ({ page, shop, visit, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  // No look-up of the postal code would write the city like this.
  const { city } = await shop.writeContact(newAddress(), { city: t('千代田区まるのうち', 'Chiyoda-ku Marunouchi') });
  await shop.field('電話番号', 'Phone').press('Enter');
  await expect(page).toHaveURL(/\/checkout\/delivery$/);
  await expect(shop.heading(t('配送の選択', 'Delivery'))).toBeVisible();
  await page.goBack({ waitUntil: 'domcontentloaded' });
  await expect(page).toHaveURL(/\/checkout\/contact$/);
  await expect(shop.field('市区町村', 'City')).toHaveValue(city);
});
