// The mails that the shop has sent: whose they are, whether one is ours, and the newsletter.
import { expect, test } from '../fixtures.ts';
import { link, mails } from '../mailbox.ts';
import { sendIssue } from '../newsletter.ts';

test('a customer finds each mail by its number, and anybody can check it, or that of a notice @all @matrix', async ({ shop, visit, t }) => {
  const email = await shop.register();
  const [mail] = await mails(email);
  const number = /M-[2-9A-Z]{4}-[2-9A-Z]{4}/.exec(mail?.text ?? '')?.[0] ?? '';
  expect(number).not.toBe('');

  await visit('/account');
  await shop.main.getByRole('link', { name: t('当店からお送りしたメール', 'Mails we sent you') }).click();
  await expect(shop.main).toContainText(number);
  await expect(shop.main).not.toContainText(email);

  await visit('/mails/check');
  await shop.field('番号', 'Number').fill(number.toLowerCase());
  await shop.button('確かめる', 'Check').first().click();
  await expect(shop.main.getByRole('status')).toContainText(t('会員登録の確認コード', 'Registration code'));
  await expect(shop.main).not.toContainText(email);

  await shop.field('番号', 'Number').fill('M-2222-2222');
  await shop.button('確かめる', 'Check').first().click();
  await expect(shop.main.getByRole('status')).toContainText(t('当店からは送っていません', 'We have sent no mail'));

  // That of the sample notice.
  await shop.field('番号', 'Number').fill('N-2026-0001');
  await shop.button('確かめる', 'Check').first().click();
  await expect(shop.main.getByRole('status')).toContainText(t('公表したお知らせの番号です', 'the number of a notice that we published'));
});

test('the newsletter begins by a button behind a mail, and ends by one @all', async ({ page, shop, visit, t }) => {
  const email = await shop.register();
  await visit('/account/mail');
  const standing = shop.main.getByRole('region', { name: t('お便り', 'Newsletter') }).getByRole('status');
  await expect(standing).toContainText(t('お送りしていません', 'do not get'));
  await shop.button('お便りを申し込む', 'Subscribe').click();
  await expect(standing).toContainText(t('確認のメールをお送りしました', 'We have sent you a mail'));

  const way = await link(email, '/newsletter/confirm/');
  await visit(way);
  await shop.button('お便りの配信を始める', 'Begin to send it').click();
  await expect(page).toHaveURL(/\/newsletter\/confirmed$/);

  await visit('/account/mail');
  await expect(standing).toContainText(t('お便りをお送りしています', 'You get the newsletter'));
  await shop.button('お便りを止める', 'Stop sending it').click();
  await expect(standing).toContainText(t('お送りしていません', 'do not get'));

  await visit(way);
  await expect(shop.main).toContainText(t('期限が切れているか', 'too old'));
});

test('an issue of the newsletter leads to a button that ends it @posts', async ({ shop, visit, t }) => {
  const email = await shop.register();
  await visit('/account/mail');
  await shop.button('お便りを申し込む', 'Subscribe').click();
  await visit(await link(email, '/newsletter/confirm/'));
  await shop.press('お便りの配信を始める', 'Begin to send it', /\/newsletter\/confirmed$/);

  await sendIssue();
  await visit(await link(email, '/newsletter/leave/'));
  await shop.press('お便りを止める', 'Stop sending it', /\/newsletter\/left$/);
  await expect(shop.heading(t('お便りを止めました', 'The newsletter has ended'))).toBeVisible();
  await visit('/account/mail');
  await expect(shop.main).toContainText(t('お便りはお送りしていません', 'You do not get the newsletter'));
});

test('mails come in the language that the customer chooses @posts', async ({ shop, visit, t }) => {
  const email = await shop.register();
  await visit('/account/mail');
  const language = shop.main.getByRole('radio', { name: t('English', '日本語') });
  await language.check();
  await shop.button('この言語で受け取る', 'Send them in this language').click();
  await expect(shop.main).toContainText(t('これからのメールは、英語でお送りします', 'From now on they come in Japanese'));
  await visit('/account/mail');
  await expect(language).toBeChecked();

  await shop.button('お便りを申し込む', 'Subscribe').click();
  await expect(shop.main).toContainText(t('確認のメールをお送りしました', 'We have sent you a mail'));
  const subject = t('Please confirm our newsletter', 'お便りのお申し込みのご確認');
  await expect.poll(async () => (await mails(email)).some((mail) => mail.subject.includes(subject))).toBe(true);
});
