// The doors and the account by keyboard alone: no mouse, no touch, and what has the focus can be seen.
import type { Locator, Page } from '@playwright/test';
import { code } from '../authenticator.ts';
import { expect, test } from '../fixtures.ts';
import { newAddress, newCode } from '../mailbox.ts';
import { password } from '../shop.ts';

/** More than any page has of what can be focused. */
const most = 150;

/** Walks on by the Tab key until the focus is there, and looks whether that can be seen. */
async function tabTo(page: Page, target: Locator) {
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press('Tab');
    if (await target.evaluate((element) => element === document.activeElement)) {
      await expect(target).toBeInViewport();
      expect(await target.evaluate((element) => getComputedStyle(element).outlineStyle), 'the focus can be seen').not.toBe('none');
      return;
    }
  }
  throw new Error(`the Tab key does not reach ${target}`);
}

async function type(page: Page, target: Locator, words: string) {
  await tabTo(page, target);
  await page.keyboard.type(words);
}

async function press(page: Page, target: Locator, leadsTo: RegExp) {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(leadsTo);
}

test('by keyboard alone a customer registers, sets an app up, signs out, and in again with it @posts', async ({ page, shop, visit, life, t }) => {
  test.slow();
  // A page that the wasm has opened takes the focus once it stands: what is typed before that is lost.
  const stands = async () => {
    await shop.awake();
    if (life === 'hydrated') await shop.arrived();
  };
  const email = newAddress();
  await visit('/register');
  await type(page, shop.field('メールアドレス', 'E-?mail'), email);
  await type(page, shop.field('パスワード', 'Password'), password);
  await press(page, shop.button('確認コードを送る', 'Send me the code'), /\/verify/);
  await stands();
  await type(page, shop.field('確認コード', 'Eight-digit code'), await newCode(email, 0));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/account$/);
  await stands();

  await press(page, shop.link('アカウントの安全', 'Account security'), /\/account\/security$/);
  await stands();
  await press(page, shop.link('認証アプリを設定', 'Set up an app'), /\/account\/security\/totp$/);
  await stands();
  await tabTo(page, shop.button('設定をはじめる', 'Begin'));
  await page.keyboard.press('Enter');
  const secret = shop.main.locator('code.secret');
  await expect(secret).toBeVisible();
  await shop.awake();
  const key = await secret.innerText();
  await type(page, shop.field('認証アプリの確認コード', 'Six-digit code from the app'), code(key));
  await press(page, shop.button('有効にする', 'Turn it on'), /\/account\/security\/recovery$/);
  await shop.awake();
  const list = page.getByRole('list', { name: t('復旧コード', 'Recovery codes') });
  const codes = await list.getByRole('listitem').allInnerTexts();

  await press(page, shop.button('ログアウト', 'Sign out').first(), /\/(en)?$/);
  await visit('/login');
  await type(page, shop.field('メールアドレス', 'E-?mail'), email);
  await type(page, shop.field('パスワード', 'Password'), password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/login\/confirm$/);
  await stands();
  await type(page, shop.field('認証アプリのコード', 'Code of your app'), codes[0] ?? '');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/account$/);
});
