// A person gets an account, comes back, and sees what concerns them.
import { refused } from '../console.ts';
import { giveNotice } from '../database.ts';
import { expect, test } from '../fixtures.ts';
import { newAddress } from '../mailbox.ts';
import { demoPassword, password, product } from '../shop.ts';

test('a person registers with the code from a mail, leaves and signs in again @all @matrix', async ({ page, shop, visit, t }) => {
  const email = await shop.registerByHand();

  await visit('/account/security');
  await expect(shop.main).toContainText(t('今のところ、お知らせはありません', 'There are no notices'));
  await expect(shop.main).toContainText(/Chrom/);

  await visit('/account');
  await shop.button('ログアウト', 'Sign out').first().click();
  await expect(page).not.toHaveURL(/\/account$/);
  await visit('/account/security');
  await expect(page).toHaveURL(/\/login\?next=/);
  await shop.signIn(email, password, /\/account\/security$/);
});

test('a wrong password is refused in words and the address stays @all', async ({ page, shop, visit, t, expectedMessages }) => {
  expectedMessages.push(refused('account/login'));
  const email = newAddress();
  await visit('/login');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', 'Password').fill('not the password');
  await shop.button('ログインする', 'Sign in').first().click();
  await expect(page.getByRole('alert')).toContainText(t('組み合わせが違います', 'do not belong together'));
  await expect(shop.field('メールアドレス', 'E-?mail')).toHaveValue(email);
});

test('a customer sees who read their data, and the browser itself checks that this is all @all @matrix', async ({ page, shop, visit, t, life }) => {
  await shop.register();
  await visit('/account/security');
  const reads = page.getByRole('region', { name: t('お客様の情報を読んだ人', 'Who read my data') });
  await expect(reads).toContainText(t('当店の従業員がお客様の情報を開いた記録はありません', 'No member of our staff has opened your data'));
  await expect(reads.getByRole('listitem').filter({ hasText: t('メールの送信', 'To send you a mail') })).toHaveCount(1);
  await expect(reads.getByRole('status')).toContainText(life === 'hydrated' ? t('確認済み ✓', 'Verified ✓') : t('まだ確かめていません', 'Not checked in this browser'));
  await reads.locator('summary').click();
  const download = page.waitForEvent('download');
  await reads.getByRole('link', { name: t('証明をダウンロード', 'Download the proof') }).click();
  expect((await download).suggestedFilename()).toMatch(/^noren-[0-9a-f]{8}\.tlog-proof$/);
  await expect(reads.locator('code')).toContainText('noren ledger proof');
});

test('a proof that was tampered with on its way is not taken for one', async ({ page, shop, visit }) => {
  await shop.register();
  // One character in the middle of a leaf, wherever the page holds the proof.
  await page.route('**/account/security', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/(extra [\w+\/]{80})(.)/g, (_, before, one) => before + (one === 'A' ? 'B' : 'A'));
    await route.fulfill({ response, body });
  });
  await visit('/account/security');
  await expect(page.locator('.reads__verdict--bad')).toBeVisible();
  await expect(page.locator('.reads__verdict--good')).toHaveCount(0);
});

test('a customer sees the notice about them, and once they say that they have read it, it needs no more attention @posts', async ({ page, shop, visit, t }) => {
  await shop.register();
  await giveNotice(page);
  await visit('/account/security');
  await expect(shop.main).toContainText(t('ご確認いただきたいことが1件あります', 'One thing needs your attention'));
  const notices = page.getByRole('region', { name: t('お客様に関わるお知らせ', 'Notices about you') });
  const notice = notices.getByRole('article');
  await expect(notice.getByRole('heading', { level: 3 })).toBeVisible();
  await expect(notice.getByRole('link', { name: /N-\d{4}-\d{4}/ })).toBeVisible();
  const way = shop.main.getByRole('link', { name: t('お知らせ「', 'The notice “') });
  await expect(way).toBeVisible();
  const read = notice.getByRole('button', { name: t('確認しました', 'I have read this') });
  await read.click();
  await expect(notice).toContainText(t('「確認しました」と記録しました', 'You confirmed on'));
  await expect(read).toHaveCount(0);
  await expect(way).toHaveCount(0);
  await expect(shop.main).toContainText(t('いま確認が必要なことはありません', 'Nothing needs your attention right now'));
});

test('goods from before the sign-in come along, and the page one lands on says so @all', async ({ page, shop, visit, lang, t }) => {
  await visit(product.path);
  await shop.putIntoCart();
  await visit('/login?next=%2Fhelp');
  await shop.signIn('taro@example.jp', demoPassword, /\/help$/);
  await expect(page.getByRole('status').filter({ hasText: t('お客様のカートに加えました', 'now in your cart') })).toBeVisible();
  await visit('/cart');
  await expect(shop.line(product.name[lang])).toBeVisible();
  await expect(page.getByText(t('お客様のカートに加えました', 'now in your cart'))).toHaveCount(0);
});

test('a customer finds their order in the account, and their address in the next checkout @posts', async ({ page, shop, visit, lang, t }) => {
  test.slow();
  const email = await shop.register();

  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  await expect(shop.field('メールアドレス', 'E-?mail')).toHaveValue(email);
  await shop.contact(email);
  await shop.delivery();
  await shop.payment('transfer');
  await shop.placeOrder(/\/orders\/[\w-]+$/);

  await visit('/account');
  const latest = page.getByRole('region', { name: t('最近のご注文', 'Your latest order') });
  await latest.getByRole('link', { name: new RegExp(product.name[lang]) }).click();
  await expect(page).toHaveURL(/\/account\/orders\/N-/);
  await expect(shop.heading(t('ご注文', 'Order'))).toBeVisible();
  await expect(shop.main).toContainText(product.name[lang]);

  await visit(product.path);
  await shop.putIntoCart();
  await visit('/checkout/contact');
  await expect(shop.field('お名前', 'Full name')).toHaveValue(t('暖簾 太郎', 'Taro Noren'));
  await expect(shop.field('郵便番号', 'Postal code')).toHaveValue(/100-?0005/);
  await expect(shop.field('番地', 'Street')).toHaveValue('1-1-1');
});
