// The cart takes what makes sense and says why it does not take the rest.
import { expect, test } from '../fixtures.ts';
import { product } from '../pages.ts';

for (const quantity of ['0', '-1', '1000000000', 'abc']) {
  test(`a quantity of ${quantity} is refused in words and changes nothing @all`, async ({ page, shop, visit, t, life }) => {
    test.skip(life === 'wasm-held' || life === 'wasm-broken', 'the same form post as with scripts off');
    await visit(product.path);
    await shop.putIntoCart();
    const box = shop.field('数量', 'Quantity');
    // What a number field would stop in the browser, a script can still send.
    await box.evaluate((input: HTMLInputElement, value) => {
      if (input.tagName === 'SELECT') {
        const option = document.createElement('option');
        option.value = option.textContent = value;
        input.append(option);
      } else {
        input.type = 'text';
        input.removeAttribute('pattern');
      }
      input.value = value;
      input.form?.setAttribute('novalidate', '');
    }, quantity);
    await shop.button('変更', 'Update').first().click();
    await expect(page.getByRole('alert').first()).toContainText(t('までの整数で', 'whole number'));
    await expect(page).toHaveURL(/\/cart$/);
  });
}

test('the last line can be taken out and the cart says that it is empty @all', async ({ shop, visit, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await shop.button('削除', 'Remove').first().click();
  await expect(shop.main).toContainText(t('カートはまだ空です', 'Your cart is still empty'));
});
