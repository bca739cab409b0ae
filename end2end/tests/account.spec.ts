// A person gets an account, comes back, and sees what concerns their safety.
import { expect, mails, newAddress, test } from '../fixtures.ts';
import { demoPassword, password } from '../pages.ts';

test('a person registers with the code from a mail, leaves and signs in again @all', async ({ page, shop, visit, t }) => {
  const email = newAddress();
  await visit('/register');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', '(New )?password').fill(password);
  await shop.press('登録|コード|メール', 'Register|Create|code|Continue', /\/verify/);

  const [mail] = await mails(email);
  const code = /\b(\d{6,8})\b/.exec(mail?.text ?? '')?.[1];
  expect(code, 'the mail holds the code').toBeTruthy();
  await shop.field('(確認)?コード', 'Code|Confirmation code').fill(code ?? '');
  await shop.press('確認|登録|完了', 'Confirm|Verify|Register|Finish|Create', /\/account/);

  await visit('/account/security');
  await expect(shop.main).toContainText(t('今のところ、お知らせはありません', 'no notices'), { ignoreCase: true });
  await expect(shop.main).toContainText(/Chrom/);

  await visit('/account');
  await shop.button('ログアウト', 'Sign out|Log out').first().click();
  await visit('/account/security');
  await expect(page).toHaveURL(/\/login\?next=/);
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', 'Password').fill(password);
  await shop.press('ログイン', 'Sign in|Log in', /\/account\/security$/);
});

test('a wrong password is refused in words and the address stays @all', async ({ page, shop, visit, t }) => {
  await visit('/login');
  await shop.field('メールアドレス', 'E-?mail').fill('taro@example.jp');
  await shop.field('パスワード', 'Password').fill('not the password');
  await shop.button('ログイン', 'Sign in|Log in').first().click();
  await expect(page.getByRole('alert')).toContainText(t('組み合わせが違います', 'do not belong together'));
  await expect(shop.field('メールアドレス', 'E-?mail')).toHaveValue('taro@example.jp');
});

test('a customer sees the notice about them and ends a device from another', async ({ browser, page, shop, visit, baseURL, t, lang }) => {
  await visit('/login');
  await shop.signIn('hanako@example.jp', demoPassword);
  await visit('/account/security');
  await expect(shop.main.getByRole('link', { name: /NR?-?\w+|お知らせ|notice/i }).first()).toBeVisible();

  const elsewhere = await browser.newContext({ baseURL });
  const other = await elsewhere.newPage();
  const prefix = lang === 'ja' ? '' : '/en';
  await other.goto(`${prefix}/login`, { waitUntil: 'domcontentloaded' });
  await other.getByRole('main').getByLabel(/^(メールアドレス|E-?mail)/).fill('hanako@example.jp');
  await other.getByRole('main').getByLabel(/^(パスワード|Password)/).fill(demoPassword);
  await other.getByRole('main').getByRole('button', { name: /ログイン|Sign in|Log in/ }).first().click();
  await expect(other).toHaveURL(/\/account/);

  await visit('/account/security');
  await shop.button('ほかの.*終了|すべて.*ログアウト', 'other devices|all other|Sign out everywhere').first().click();
  await expect(async () => {
    await other.goto(`${prefix}/account/security`, { waitUntil: 'domcontentloaded' });
    await expect(other).toHaveURL(/\/login/);
  }).toPass();
  await elsewhere.close();
});
