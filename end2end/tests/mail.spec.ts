// The mails that the shop has sent: whose they are, whether one is ours, and the newsletter.
import { expect, test } from '../fixtures.ts';
import { mails } from '../mailbox.ts';

test('a customer finds each mail by its number, and anybody can check it @all @matrix', async ({ shop, visit, t }) => {
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
});

test('the newsletter begins by a button behind a mail, and ends by one @all', async ({ page, shop, visit, t }) => {
  const email = await shop.register();
  await visit('/account/mail');
  const standing = shop.main.getByRole('region', { name: t('お便り', 'Newsletter') }).getByRole('status');
  await expect(standing).toContainText(t('お送りしていません', 'do not get'));
  await shop.button('お便りを申し込む', 'Subscribe').click();
  await expect(standing).toContainText(t('確認のメールをお送りしました', 'We have sent you a mail'));

  const link = /https?:\/\/\S+\/newsletter\/confirm\/\S+/;
  const found = (await mails(email, 2)).map((mail) => link.exec(mail.text)?.[0]).find(Boolean);
  const way = new URL(found ?? '').pathname;
  await page.goto(way);
  await shop.button('お便りの配信を始める', 'Begin to send it').click();
  await expect(page).toHaveURL(/\/newsletter\/confirmed$/);

  await visit('/account/mail');
  await expect(standing).toContainText(t('お便りをお送りしています', 'You get the newsletter'));
  await shop.button('お便りを止める', 'Stop sending it').click();
  await expect(standing).toContainText(t('お送りしていません', 'do not get'));

  await page.goto(way);
  await expect(shop.main).toContainText(t('期限が切れているか', 'too old'));
});
