// A second factor that is typed: an authenticator app, and the codes on paper for when it is lost.
import { readFileSync } from 'node:fs';
import { code, nextCode, setUpApp, wrongCode } from '../authenticator.ts';
import { refused } from '../console.ts';
import { appAges, factorsAreSaidToBeLost, mailIsRefused, proofAges, recoveryCodesAge, recoveryCodesAreUsedUp } from '../database.ts';
import { expect, test } from '../fixtures.ts';
import { codes, newCode } from '../mailbox.ts';
import { password, type Shop } from '../shop.ts';

/** Signs out and comes back with the password, to where the app is asked for; gives the field for its code. */
async function backToTheApp(shop: Shop, email: string) {
  await shop.visit('/account');
  await shop.button('ログアウト', 'Sign out').first().click();
  await expect(shop.page).not.toHaveURL(/\/account$/);
  await shop.visit('/login');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', 'Password').fill(password);
  await shop.press('ログインする', 'Sign in', /\/login\/confirm$/);
  await expect(shop.heading(shop.t('認証アプリをご確認ください', 'Please look at your authenticator app'))).toBeVisible();
  return shop.field('認証アプリのコード', 'Code of your app');
}

test('a customer sets an app up, mistypes once, gets ten codes that are shown this once, and signs in with either @all', async ({ page, shop, visit, t, expectedMessages }) => {
  test.slow();
  expectedMessages.push(refused('account/totp-confirm'), refused('account/confirm'));
  const email = await shop.register();
  await visit('/account/security');
  await shop.link('認証アプリを設定', 'Set up an app').click();
  await expect(shop.heading(t('認証アプリ', 'Authenticator app'))).toBeVisible();
  await shop.button('設定をはじめる', 'Begin').click();

  await expect(page.getByRole('img', { name: t('QRコード', 'QR code') })).toBeVisible();
  await shop.awake();
  const key = await shop.main.locator('code.secret').innerText();
  expect(key).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);

  const field = shop.field('認証アプリの確認コード', 'Six-digit code from the app');
  await field.fill(wrongCode(key));
  await shop.button('有効にする', 'Turn it on').click();
  await expect(page.getByRole('alert')).toContainText(t('コードが違うか', 'The code is wrong'));
  await expect(field).toHaveValue(wrongCode(key));
  await shop.awake();
  const used = code(key);
  await field.fill(used);
  await shop.press('有効にする', 'Turn it on', /\/account\/security\/recovery$/);

  const list = page.getByRole('list', { name: t('復旧コード', 'Recovery codes') });
  await expect(list.getByRole('listitem')).toHaveCount(10);
  const papers = await list.getByRole('listitem').allInnerTexts();
  const download = page.waitForEvent('download');
  await shop.link('テキストファイルで保存', 'Save as a text file').click();
  const file = readFileSync(await (await download).path(), 'utf8');
  for (const one of papers) expect(file).toContain(one);

  await visit('/account/security/recovery');
  await expect(list).toHaveCount(0);
  await expect(shop.main).toContainText(t('残り10個', '10 left'));
  await visit('/account/security');
  const section = page.getByRole('region', { name: t('二段階認証', 'Two-step sign-in') });
  await expect(section).toContainText(t('有効', 'On'));
  await expect(section).toContainText(t('残り10個', '10 left'));

  // From now on the app is asked for, in a browser that is known as well. No code is taken twice.
  const asked = await backToTheApp(shop, email);
  await asked.fill(used);
  await shop.button('ログインする', 'Sign in').first().click();
  await expect(page.getByRole('alert')).toContainText(t('コードが違うか、すでに使われています', 'The code is wrong or was used before'));
  await shop.awake();
  await asked.fill(nextCode(key));
  await shop.press('ログインする', 'Sign in', /\/account$/);

  // A code from paper does instead, once.
  await (await backToTheApp(shop, email)).fill((papers[0] ?? '').toLowerCase());
  await shop.press('ログインする', 'Sign in', /\/account$/);
  await visit('/account/security/recovery');
  await expect(shop.main).toContainText(t('残り9個', '9 left'));
});

test('new recovery codes are shown where they are made, and the app is turned off with a press @all', async ({ page, shop, visit, t }) => {
  test.slow();
  await shop.register();
  await visit('/account/security/recovery');
  await shop.button('復旧コードを作る', 'Make recovery codes').click();
  const list = page.getByRole('list', { name: t('復旧コード', 'Recovery codes') });
  await expect(list.getByRole('listitem')).toHaveCount(10);

  await visit('/account/security/totp');
  await shop.button('設定をはじめる', 'Begin').click();
  const secret = shop.main.locator('code.secret');
  await expect(secret).toBeVisible();
  await shop.awake();
  await shop.field('認証アプリの確認コード', 'Six-digit code from the app').fill(code(await secret.innerText()));
  // Whoever has recovery codes keeps them.
  await shop.button('有効にする', 'Turn it on').click();
  await expect(shop.main).toContainText(t('から有効です', 'In use since'));
  await shop.awake();
  await shop.button('認証アプリを無効にする', 'Turn the app off').click();
  await expect(shop.button('設定をはじめる', 'Begin')).toBeVisible();
});

test('the QR code is dark on white at night as well', async ({ page, shop, visit }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await shop.register();
  await visit('/account/security/totp');
  await shop.button('設定をはじめる', 'Begin').click();
  const qr = shop.main.locator('svg.qr');
  await expect(qr).toBeVisible();
  await expect(qr.locator('rect')).toHaveCSS('fill', 'rgb(255, 255, 255)');
  await expect(qr.locator('path')).toHaveCSS('fill', 'rgb(0, 0, 0)');
});

test('with an app a new password waits for its code, and a code from paper proves once more who one is @posts', async ({ page, shop, elsewhere, t }) => {
  test.slow();
  const email = await shop.register();
  const key = await setUpApp(shop);
  const papers = page.getByRole('list', { name: t('復旧コード', 'Recovery codes') }).getByRole('listitem');
  await expect(papers).toHaveCount(10);
  const paper = await papers.first().innerText();
  // A new password takes away what was set up in these three days.
  await appAges(page);
  await recoveryCodesAge(page);

  const other = await elsewhere();
  await other.visit('/reset');
  await other.field('メールアドレス', 'E-?mail').fill(email);
  const before = codes(email).length;
  await other.press('確認コードを送る', 'Send me the code', /\/reset\/code$/);
  await other.field('確認コード', 'Eight-digit code').fill(await newCode(email, before));
  const another = 'lantern river under the maple';
  await other.field('新しいパスワード', 'New password').fill(another);
  await other.press('パスワードを設定してログインする', 'Set the password and sign in', /\/login\/confirm$/);
  await expect(other.main).toContainText(t('それまでは、何も変わりません', 'Until then nothing changes'));
  await other.field('認証アプリのコード', 'Code of your app').fill(nextCode(key));
  await other.press('ログインする', 'Sign in', /\/account$/);

  await proofAges(other.page);
  await other.visit('/account/security/recovery');
  await expect(other.page).toHaveURL(/\/account\/confirm\?next=/);
  await other.field('パスワード', 'Password').fill(another);
  await other.field('認証アプリのコード', 'Code of your app').fill(paper);
  await other.press('確認する', 'Confirm', ({ pathname }) => pathname.endsWith('/account/security/recovery'));
  await expect(other.main).toContainText(t('残り9個', '9 left'));
});

test('what needs attention is told on top, and who has lost nothing stops the removal with a press @posts', async ({ page, shop, visit, t }) => {
  await shop.register();
  await setUpApp(shop);
  await factorsAreSaidToBeLost(page);
  await recoveryCodesAreUsedUp(page);
  await mailIsRefused(page);
  await visit('/account/security');
  await expect(shop.main).toContainText(t('ご確認いただきたいことが3件あります', '3 things need your attention'));
  const way = (name: string) => shop.main.getByRole('link', { name, exact: true });
  const removal = way(t('認証アプリ・復旧コード・パスキーの解除の予定', 'The removal of your app, recovery codes and passkeys'));
  const noCodes = way(t('復旧コードが残っていません', 'No recovery codes are left'));
  const mail = way(t('届かなかったメール', 'A mail that did not reach you'));
  for (const one of [removal, noCodes, mail]) await expect(page.locator((await one.getAttribute('href')) ?? '')).toBeVisible();
  await expect(shop.main).toContainText(t('お客様のアドレスから戻ってきました', 'a mail to your address came back to us'));

  const section = page.getByRole('region', { name: t('二段階認証', 'Two-step sign-in') });
  await expect(section).toContainText(t('なくされたとのお申し出', 'told that you have lost'));
  await section.getByRole('button', { name: t('解除を取り消す', 'Stop the removal') }).click();
  await expect(removal).toHaveCount(0);
  await expect(section).not.toContainText(t('なくされたとのお申し出', 'told that you have lost'));
  await expect(section, 'the app stays').toContainText(t('認証アプリの設定を見る', 'See the app’s settings'));
  await expect(noCodes).toBeVisible();
});
