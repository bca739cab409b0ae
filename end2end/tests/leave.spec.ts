// Signing out: nothing of the account is left in the browser.
import { expect, test } from '../fixtures.ts';
import { password } from '../shop.ts';

test('who signs out leaves no page of the account behind, neither by the back button nor in another tab @all', async ({ page, shop, visit, t }) => {
  await shop.register();
  await visit('/account/security');
  const [room, other] = [page.url(), await page.context().newPage()];
  await other.goto(room);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText(t('アカウントの安全', 'Account security'));
  await shop.button('ログアウト', 'Sign out').first().click();
  await expect(page).toHaveURL((url) => ['/', '/en'].includes(url.pathname));
  await page.goBack();
  await expect(page).toHaveURL(/\/login\?next=/);
  await other.goto(room);
  await expect(other).toHaveURL(/\/login\?next=/);
});

test('who leaves a shared computer has it forget them, and a code is asked for the next time @posts', async ({ page, shop, visit, t }) => {
  const email = await shop.register();
  await visit('/account/security');
  await shop.press('この端末の確認も取り消す', 'forget this device', (url) => ['/', '/en'].includes(url.pathname));
  await expect(page.getByRole('status').filter({ hasText: t('ログアウトしました。', 'You are signed out.') })).toBeVisible();
  await visit('/login');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', 'Password').fill(password);
  await shop.press('ログインする', 'Sign in', /\/login\/confirm$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(t('メールをご確認ください', 'Please check your mail'));
});

test('another tab leaves the account at once', async ({ page, shop, visit, t }) => {
  await shop.register();
  await visit('/account/security');
  const other = await page.context().newPage();
  await other.goto(page.url());
  await expect(other.locator('html[data-hydrated]')).toBeAttached();
  await shop.button('ログアウト', 'Sign out').first().click();
  await expect(other).toHaveURL((url) => ['/', '/en'].includes(url.pathname));
  await expect(other.getByText(t('アカウントの安全', 'Account security'))).toHaveCount(0);
});
