// A person gets an account, comes back, and sees what concerns their safety.
import { expect, mails, newAddress, test } from '../fixtures.ts';
import { demoPassword, password } from '../pages.ts';

test('a person registers with the code from a mail, leaves and signs in again @all', async ({ page, shop, visit, t }) => {
  const email = newAddress();
  await visit('/register');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', '(New )?[Pp]assword').fill(password);
  await shop.press('確認コードを送る', 'Send me the code', /\/verify/);

  const [mail] = await mails(email);
  const code = /\b(\d{6,8})\b/.exec(mail?.text ?? '')?.[1];
  expect(code, 'the mail holds the code').toBeTruthy();
  await shop.field('確認コード', 'Six-digit code').fill(code ?? '');
  await shop.press('登録を完了する', 'Finish', /\/account/);

  await visit('/account/security');
  await expect(shop.main).toContainText(t('今のところ、お知らせはありません', 'There are no notices'));
  await expect(shop.main).toContainText(/Chrom/);

  await visit('/account');
  await shop.button('ログアウト', 'Log out').first().click();
  await visit('/account/security');
  await expect(page).toHaveURL(/\/login\?next=/);
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', 'Password').fill(password);
  await shop.press('ログインする', 'Log in', /\/account\/security$/);
});

test('a wrong password is refused in words and the address stays @all', async ({ page, shop, visit, t, expectedMessages }) => {
  // Chromium notes every refused call on the console; what we promise is that the page says it in words.
  expectedMessages.push(/status of 4\d\d .*\/api\/account\/login/);
  const email = newAddress();
  await visit('/login');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', 'Password').fill('not the password');
  await shop.button('ログインする', 'Log in').first().click();
  await expect(page.getByRole('alert')).toContainText(t('組み合わせが違います', 'do not belong together'));
  await expect(shop.field('メールアドレス', 'E-?mail')).toHaveValue(email);
});

test('a customer sees the notice about them and ends a device from another', async ({ browser, page, shop, visit, baseURL, t, lang }) => {
  await visit('/login');
  await shop.signIn('hanako@example.jp', demoPassword);
  await visit('/account/security');
  const notices = page.getByRole('region', { name: t('お客様に関わるお知らせ', 'Notices about you') });
  await expect(notices.getByRole('heading', { level: 3 }).or(notices.getByRole('article')).first()).toBeVisible();

  const elsewhere = await browser.newContext({ baseURL });
  const other = await elsewhere.newPage();
  const prefix = lang === 'ja' ? '' : '/en';
  await other.goto(`${prefix}/login`, { waitUntil: 'domcontentloaded' });
  await other.getByRole('main').getByLabel(/^(メールアドレス|E-?mail)/).fill('hanako@example.jp');
  await other.getByRole('main').getByLabel(/^(パスワード|Password)/).fill(demoPassword);
  await other.getByRole('main').getByRole('button', { name: /ログインする|Log in/ }).first().click();
  await expect(other).toHaveURL(/\/account/);

  await visit('/account/security');
  await shop.button('この端末以外をすべてログアウト', 'Sign out all other devices').first().click();
  await expect(async () => {
    await other.goto(`${prefix}/account/security`, { waitUntil: 'domcontentloaded' });
    await expect(other).toHaveURL(/\/login/);
  }).toPass();
  await elsewhere.close();
});
