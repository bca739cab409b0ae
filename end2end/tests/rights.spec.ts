// What we hold about somebody, a copy of it, and the erasure of their account.
import { verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { refused } from '../console.ts';
import { expect, test } from '../fixtures.ts';
import { mails } from '../mailbox.ts';
import { password } from '../shop.ts';

test('a customer sees what is held, reads a copy and takes the signed file along @all', async ({ page, shop, visit, t }) => {
  test.slow();
  const email = await shop.register();
  await visit('/account/security');
  await shop.link('お預かりしている情報を見る', 'See what we hold').click();
  await expect(shop.heading(t('お預かりしている情報', 'The data we hold about you'))).toBeVisible();
  await expect(shop.main).toContainText(t('端末1件', '1 device'));
  await shop.awake();
  await shop.press('控えを書き出す', 'Make a copy', /\/account\/data\/export\/[\w-]+$/);
  await expect(shop.heading(t('お預かりしている情報の控え', 'A copy of your data'))).toBeVisible();
  await expect(shop.main).toContainText(email);

  const download = page.waitForEvent('download');
  await shop.link('署名付きのファイル', 'Download the signed file').click();
  const file = readFileSync(await (await download).path(), 'utf8');
  const copy = JSON.parse(file);
  expect(copy.format).toBe('noren-export/1');
  expect(copy.data.account.email).toBe(email);
  // As docs/EXPORT.md has it, with nothing of ours: OpenSSL, over the third line to the last but one.
  const signed = file.trimEnd().split('\n').slice(2, -1).join('\n');
  const key = await (await page.request.get('/export-key.pem')).text();
  expect(verify(null, Buffer.from(signed), key, Buffer.from(copy.signature, 'base64'))).toBe(true);
  expect(copy.data.reads.some((read: { purpose: string | null }) => read.purpose === 'export')).toBe(true);

  await visit('/account/data');
  await expect(shop.link('控えを開く', 'Open it')).toBeVisible();
  // Beside the code and the welcome: that a copy was asked for.
  const all = await mails(email, 2);
  expect(all.some((mail) => mail.text.includes(t('書き出す手続き', 'asked for a copy')))).toBe(true);
});

test('a customer has their account erased, and nothing of it is left @all', async ({ page, shop, visit, t, elsewhere, expectedMessages }) => {
  test.slow();
  expectedMessages.push(refused('account/erase'));
  const email = await shop.register();
  await visit('/account/data');
  await shop.link('消去について確かめる', 'See what would be erased').click();
  await expect(shop.heading(t('アカウントの消去', 'Erase your account'))).toBeVisible();
  await shop.awake();
  await expect(shop.main).toContainText(t('消費税法第58条', 'Consumption Tax Act'));

  const field = shop.field('確認のため', 'To confirm');
  await field.fill(t('はい', 'yes'));
  await shop.button('アカウントを消去する', 'Erase my account').click();
  await expect(page.getByRole('alert').first()).toContainText(t('入力された言葉が違います', 'That is another word'));
  await shop.awake();
  await field.fill(t('消去', 'erase'));
  await shop.press('アカウントを消去する', 'Erase my account', /\/account\/data\/erased$/);
  await expect(shop.heading(t('アカウントを消去しました', 'Your account is erased'))).toBeVisible();
  const no = await shop.main.locator('.erase-no').innerText();
  expect(no).toMatch(/^E-\w{4}-\w{4}$/);
  await expect.poll(async () => (await mails(email)).some((mail) => mail.text.includes(no))).toBe(true);

  await page.goto(shop.lang === 'ja' ? '/account' : '/en/account');
  await expect(page).toHaveURL(/\/login/);
  const other = await elsewhere();
  await other.visit('/login');
  await other.field('メールアドレス', 'E-?mail').fill(email);
  await other.field('パスワード', 'Password').fill(password);
  await other.button('ログインする', 'Sign in').first().click();
  await expect(other.page.getByRole('alert').first()).toBeVisible();
});

test('a copy is printed without buttons and with all of its entries', async ({ page, shop, visit, t }) => {
  const email = await shop.register();
  // Each look is an entry: so many that they fold.
  for (let looks = 0; looks < 4; looks += 1) await visit('/account');
  await visit('/account/data');
  await shop.press('控えを書き出す', 'Make a copy', /\/account\/data\/export\//);
  await expect(shop.heading(t('お預かりしている情報の控え', 'A copy of your data'))).toBeVisible();
  const reads = shop.main.locator('section').filter({ has: page.getByRole('heading', { name: t('お客様の情報を読んだ記録', 'Who read my data') }) });
  await expect(reads.locator('.holding').first()).toBeHidden();
  await reads.locator('summary').click();
  await expect(reads.locator('.holding').first()).toBeVisible();
  await reads.locator('summary').click();
  await expect(reads.locator('.holding').first()).toBeHidden();
  await page.emulateMedia({ media: 'print' });
  await expect(shop.main).toContainText(email);
  await expect(reads.locator('.holding').last()).toBeVisible();
  await expect(reads.locator('summary')).toBeHidden();
  await expect(shop.link('署名付きのファイル', 'Download the signed file')).toBeHidden();
});
