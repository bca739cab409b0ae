// Another address for the account, and the way back.
import { nextCode, setUpApp } from '../authenticator.ts';
import { refused } from '../console.ts';
import { appAges, proofAges, recoveryCodesAge } from '../database.ts';
import { expect, test } from '../fixtures.ts';
import { codes, mails, newAddress, newCode } from '../mailbox.ts';
import { password, type Shop } from '../shop.ts';

const page = '/account/security/email';

/** Asks for `email`, which gets a code. */
async function ask(shop: Shop, email: string) {
  await shop.visit(page);
  await shop.field('新しいメールアドレス', 'New e-mail address').fill(email);
  const before = codes(email).length;
  await shop.button('確認コードを送る', 'Send me the code').click();
  await expect(shop.main).toContainText(email);
  return newCode(email, before);
}

/** The path of the link in the mails to `email`. */
async function link(email: string, count: number): Promise<string> {
  const texts = (await mails(email, count)).map((mail) => mail.text);
  const found = texts.map((text) => /\/account\/email\/back\/[\w-]{43}/.exec(text)?.[0]).filter((path) => path !== undefined);
  return found.at(-1) ?? '';
}

test('both mailboxes agree to another address, and the old one takes it back @all', async ({ shop, elsewhere, t, expectedMessages }) => {
  test.slow();
  expectedMessages.push(refused('account/email-confirm'), refused('account/login'));
  const old = await shop.register();
  const email = newAddress();
  const code = await ask(shop, email);
  const typed = shop.field('新しいアドレスに届いた確認コード', 'Eight-digit code from the new mailbox');
  await shop.awake();
  await typed.fill(code.startsWith('0') ? `1${code.slice(1)}` : `0${code.slice(1)}`);
  await shop.button('確認する', 'Confirm').click();
  await expect(shop.page.getByRole('alert')).toContainText(t('コードが違います', 'The code is wrong'));
  await shop.awake();
  await typed.fill(code);
  const before = codes(old).length;
  await shop.button('確認する', 'Confirm').click();
  const last = shop.field('現在のアドレスに届いた確認コード', 'Eight-digit code from your current mailbox');
  await expect(last).toHaveValue('');
  await shop.awake();
  await last.fill(await newCode(old, before));
  await shop.button('メールアドレスを変更する', 'Change the address').click();
  await expect(shop.main).toContainText(t('元のアドレスにお送りしたメール', 'our mail to the earlier address'));
  await expect(shop.main).toContainText(email);
  await shop.visit('/account/security');
  const section = shop.page.getByRole('region', { name: t('メールアドレス', 'E-mail address') });
  await expect(section).toContainText(email);

  // Whoever has the old mailbox need not be signed in.
  const mailbox = await elsewhere();
  await mailbox.visit(await link(old, 4));
  await expect(mailbox.heading(t('元のメールアドレスに戻す', 'Put the earlier address back'))).toBeVisible();
  await mailbox.press('元のアドレスに戻す', 'Put the address back', /\/account\/email\/returned$/);
  await mailbox.link('新しいパスワードを設定する', 'Set a new password').click();
  await expect(mailbox.page).toHaveURL(/\/reset$/);
  await shop.visit('/account');
  await expect(shop.page).toHaveURL(/\/login/);
  await shop.field('メールアドレス', 'E-?mail').fill(old);
  await shop.field('パスワード', 'Password').fill(password);
  await shop.button('ログインする', 'Sign in').first().click();
  // A thief may have learned it.
  await expect(shop.page.getByRole('alert'), 'the old password is void').toContainText(t('組み合わせが違います', 'do not belong together'));
  await expect(shop.page).toHaveURL(/\/login/);
});

test('who cannot read the old mailbox waits three days with a banner, and any session stops it @all', async ({ shop, t }) => {
  test.slow();
  await shop.register();
  const code = await ask(shop, newAddress());
  await shop.awake();
  await shop.field('新しいアドレスに届いた確認コード', 'Eight-digit code from the new mailbox').fill(code);
  await shop.button('確認する', 'Confirm').click();
  await shop.main.getByText(t('現在のメールを見られないとき', 'If you cannot read the current mailbox')).click();
  await shop.awake();
  await shop.button('3日待って変更する', 'Change it in three days').click();
  await expect(shop.main).toContainText(t('すぐに止めてください', 'please stop it now'));
  const banner = t('このアカウントのメールアドレスが変わります', 'The e-mail address of this account will be changed');
  await shop.visit('/account');
  await expect(shop.main).toContainText(banner);
  await shop.visit('/account/security');
  await expect(shop.main).toContainText(banner);
  await shop.button('変更を止める', 'Stop the change').click();
  await expect(shop.main).not.toContainText(banner);
  await expect(shop.link('メールアドレスを変更する', 'Change the address')).toBeVisible();
});

test('who shows an app of some days needs the new mailbox alone, and the old one can still take it back @posts', async ({ shop, elsewhere, t }) => {
  test.slow();
  const old = await shop.register();
  const key = await setUpApp(shop);
  await appAges(shop.page);
  await recoveryCodesAge(shop.page);
  await proofAges(shop.page);
  await shop.visit(page);
  await expect(shop.page).toHaveURL(/\/account\/confirm\?next=/);
  await shop.field('パスワード', 'Password').fill(password);
  await shop.field('認証アプリのコード', 'Code of your app').fill(nextCode(key));
  await shop.press('確認する', 'Confirm', ({ pathname }) => pathname.endsWith(page));

  const email = newAddress();
  const code = await ask(shop, email);
  await shop.awake();
  await shop.field('新しいアドレスに届いた確認コード', 'Eight-digit code from the new mailbox').fill(code);
  await shop.button('確認する', 'Confirm').click();
  await expect(shop.main).toContainText(t('メールアドレスを変更しました', 'Your e-mail address was changed'));
  await expect(shop.main).toContainText(t('元のアドレスにお送りしたメール', 'our mail to the earlier address'));
  await expect(shop.main).toContainText(email);

  const told = t('メールアドレスが変更されました', 'Your e-mail address was changed');
  const news = async () => (await mails(old)).find((mail) => mail.subject.includes(told))?.text ?? '';
  await expect.poll(news, { message: 'the old mailbox hears of it' }).not.toBe('');
  expect(codes(old), 'and was asked for no code but that of the registration').toHaveLength(1);
  const mailbox = await elsewhere();
  await mailbox.visit(/\/account\/email\/back\/[\w-]{43}/.exec(await news())?.[0] ?? '');
  await expect(mailbox.heading(t('元のメールアドレスに戻す', 'Put the earlier address back'))).toBeVisible();
  await mailbox.press('元のアドレスに戻す', 'Put the address back', /\/account\/email\/returned$/);
  await expect(mailbox.heading(t('元のアドレスに戻しました', 'The earlier address is back'))).toBeVisible();
  await expect(mailbox.main, 'the app stays').not.toContainText(t('取り除きました', 'we have removed'));
  await shop.visit('/account');
  await expect(shop.page).toHaveURL(/\/login/);
});

test('where the old mailbox is not safe a recovery code takes its place, both ways, and nothing goes there @posts', async ({ shop, elsewhere, t, expectedMessages }) => {
  test.slow();
  expectedMessages.push(refused('account/email-ask'));
  const old = await shop.register();
  await shop.visit('/account/security/recovery');
  await shop.button('復旧コードを作る', 'Make recovery codes').click();
  const list = shop.page.getByRole('list', { name: t('復旧コード', 'Recovery codes') }).getByRole('listitem');
  await expect(list).toHaveCount(10);
  const [spent = '', forTheWayBack = ''] = await list.allInnerTexts();

  await shop.visit(page);
  const email = newAddress();
  await shop.field('新しいメールアドレス', 'New e-mail address').fill(email);
  await shop.page.getByLabel(t('ほかの人に読まれているおそれがある', 'Somebody else may read my current mail')).check();
  const paper = shop.field('復旧コード', 'Recovery code');
  await paper.fill(spent);
  await shop.button('確認コードを送る', 'Send me the code').click();
  // Whoever has just made them may be somebody else.
  await expect(shop.page.getByRole('alert')).toContainText(t('復旧コード', 'recovery code'));
  await recoveryCodesAge(shop.page);
  await shop.awake();
  await paper.fill(spent.toLowerCase());
  await shop.button('確認コードを送る', 'Send me the code').click();
  const typed = shop.field('新しいアドレスに届いた確認コード', 'Eight-digit code from the new mailbox');
  await expect(typed).toBeVisible();
  await shop.awake();
  await typed.fill(await newCode(email, 0));
  await shop.button('確認する', 'Confirm').click();
  await expect(shop.main).toContainText(t('メールアドレスを変更しました', 'Your e-mail address was changed'));
  // The new one hears of it; by then the old one would have as well.
  await mails(email, 2);
  const texts = (await mails(old)).map((mail) => mail.text);
  expect(texts.filter((text) => text.includes(email) || /\/email\/back/.test(text)), 'the old mailbox is told nothing').toEqual([]);

  // Whoever changed it may have been the thief: with another code from the same paper the owner takes it back.
  const owner = await elsewhere();
  await owner.visit('/account/email/back');
  await owner.field('変更前のメールアドレス', 'The earlier e-mail address').fill(old);
  await owner.field('復旧コード', 'Recovery code').fill(forTheWayBack);
  await owner.press('元のアドレスに戻す', 'Put the address back', /\/account\/email\/returned$/);
  await expect(owner.link('新しいパスワードを設定する', 'Set a new password')).toBeVisible();
  await shop.visit('/account');
  await expect(shop.page).toHaveURL(/\/login/);
});

test('somebody else’s address shows nothing, and a false recovery code is refused in words @all', async ({ shop, t, expectedMessages }) => {
  test.slow();
  expectedMessages.push(refused('account/email-back'));
  await shop.register();
  await shop.visit(page);
  await shop.field('新しいメールアドレス', 'New e-mail address').fill('taro@example.jp');
  await shop.button('確認コードを送る', 'Send me the code').click();
  await expect(shop.main).toContainText(t('taro@example.jp にメールをお送りしました', 'We have sent a mail to taro@example.jp'));
  await shop.visit('/account/email/back');
  await shop.field('変更前のメールアドレス', 'The earlier e-mail address').fill('taro@example.jp');
  await shop.field('復旧コード', 'Recovery code').fill('0410-6105-0R3G-G28A-1C60-T3GF');
  await shop.button('元のアドレスに戻す', 'Put the address back').click();
  await expect(shop.page.getByRole('alert')).toContainText(t('復旧コードが違うか', 'The recovery code is wrong'));
});
