// Every page and every state of the shop, in walks that the tests and the pictures share: what is
// added here is looked at by axe, measured and photographed.
import { expect } from '@playwright/test';
import { code } from './authenticator.ts';
import { missing, refused } from './console.ts';
import { factorsAreSaidToBeLost, mailIsRefused, recoveryCodesAreUsedUp } from './database.ts';
import { link, newAddress, newCode } from './mailbox.ts';
import { sendIssue } from './newsletter.ts';
import { addPasskey, device, openPasskey, withoutOffers } from './passkeys.ts';
import { soldOutPages } from './sample.ts';
import { demoPassword, password, product, type Shop } from './shop.ts';

/** Pages that anybody can open without having done anything before. */
const openPages = [
  '/',
  '/c/tenugui',
  '/c/tenugui?from=1&to=2',
  '/search?q=%E9%9D%92%E6%B5%B7%E6%B3%A2',
  '/search?q=zzzzzz',
  product.path,
  '/cart',
  '/register',
  '/login',
  '/login/code',
  '/reset',
  '/security',
  '/mails/check',
  '/mails/check?no=M-2222-2222',
  '/newsletter/leave/x',
  '/newsletter/left',
  '/help',
  '/legal/commerce',
  '/legal/privacy',
  '/legal/terms',
];

/** Pages that are none, and say so. */
const missingPages = ['/no-such-page', '/security/notices/unknown'];

/** Pages of a signed-in customer. */
const accountPages = ['/account', '/account/orders', '/account/guest-orders', '/account/addresses', '/account/mail', '/account/security', '/account/security/sign-ins', '/account/security/password', '/account/confirm'];

const nameOf = (path: string) => path.replace(/^\//, '').replace(/[^a-z0-9-]+/gi, '-') || 'home';

/** Who walks, what they do at every stop, and what the browser may say on the way. */
export type Walker = {
  shop: Shop;
  look: (name: string) => Promise<void>;
  expectedMessages: RegExp[];
};

async function openWalk({ shop, look, expectedMessages }: Walker) {
  for (const path of openPages) {
    await shop.visit(path);
    await look(nameOf(path));
  }
  for (const path of missingPages) {
    expectedMessages.push(missing(path));
    await shop.visit(path);
    await look(nameOf(path));
  }
  for (const { name, path } of soldOutPages()) {
    await shop.visit(path);
    await expect(shop.main).toContainText(shop.t('売り切れ', 'Sold out'));
    await look(name);
  }
  await shop.visit('/security');
  const notice = shop.main.getByRole('listitem').filter({ hasText: /N-\d{4}-\d{4}/ });
  await notice.getByRole('link').first().click();
  await expect(shop.page).toHaveURL(/\/security\/notices\/N-/);
  await expect(shop.main).toContainText(shop.t('当店が公表したお知らせです', 'published by this shop'));
  await look('security-notice');
}

async function buyingWalk({ shop, look, expectedMessages }: Walker) {
  const at = async (ja: string, en: string, name: string) => {
    await expect(shop.heading(shop.t(ja, en))).toBeVisible();
    await look(name);
  };
  const fault = shop.page.getByRole('alert').first();
  const email = newAddress();
  const name = product.name[shop.lang];

  await shop.visit(product.path);
  await shop.putIntoCart();
  await expect(shop.line(name)).toBeVisible();
  await look('cart-with-goods');
  expectedMessages.push(refused('cart/set'));
  await shop.forceQuantity(name, '0');
  await expect(fault).toBeVisible();
  await look('cart-refused-quantity');

  await shop.visit('/checkout/contact');
  await at('お届け先', 'Contact and address', 'checkout-contact');
  expectedMessages.push(refused('checkout/save-contact'));
  await shop.contactWithSlips();
  await expect(fault).toBeVisible();
  await look('checkout-contact-faults');
  await shop.contact(email);
  await at('配送の選択', 'Delivery', 'checkout-delivery');
  await shop.delivery();
  await at('お支払い方法', 'Payment', 'checkout-payment');
  await shop.payment('card');
  await at('ご注文内容の確認', 'Confirm your order', 'checkout-confirm');

  await shop.placeOrder(/\/test-bank\/pay\//);
  await shop.bank('decline');
  await at('お支払いが完了していません', 'Your payment did not go through', 'order-declined');
  await shop.link('お支払い方法を選び直す', 'Choose how to pay').click();
  await expect(shop.page).toHaveURL(/\/checkout\/payment$/);
  await shop.payment('transfer');
  await shop.placeOrder(/\/orders\/[\w-]+$/);
  await shop.awake();
  await at('ご注文ありがとうございます', 'Thank you for your order', 'order');
}

async function accountWalk({ shop, look }: Walker) {
  await shop.askForCode(newAddress());
  await expect(shop.field('確認コード', 'Eight-digit code')).toBeVisible();
  await look('verify');

  const email = newAddress();
  await shop.visit('/reset');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.press('確認コードを送る', 'Send me the code', /\/reset\/code$/);
  await look('reset-code');
  await shop.visit('/login/code');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.press('確認コードを送る', 'Send me the code', /\/login\/confirm$/);
  await look('login-confirm');

  await shop.visit('/login');
  await shop.signIn('hanako@example.jp', demoPassword);
  for (const path of accountPages) {
    await shop.visit(path);
    await look(nameOf(path));
  }
  await shop.visit('/account/orders');
  await shop.main.getByRole('link', { name: /N-\w{4}-\w{4}/ }).first().click();
  await expect(shop.page).toHaveURL(/\/account\/orders\/N-/);
  await expect(shop.heading(/N-\w{4}-\w{4}/)).toBeVisible();
  await look('account-order');
}

async function factorWalk({ shop, look }: Walker) {
  const email = await shop.register();
  await shop.visit('/account/security/recovery');
  await look('recovery-none');
  await shop.visit('/account/security/totp');
  await look('totp-off');
  await shop.button('設定をはじめる', 'Begin').click();
  const secret = shop.main.locator('code.secret');
  await expect(secret).toBeVisible();
  await look('totp-begun');
  await shop.awake();
  await shop.field('認証アプリの確認コード', 'Six-digit code from the app').fill(code(await secret.innerText()));
  await shop.press('有効にする', 'Turn it on', /\/account\/security\/recovery$/);
  await look('recovery-fresh');
  await shop.visit('/account/security/totp');
  await look('totp-on');
  await shop.visit('/account/confirm');
  await expect(shop.field('認証アプリのコード', 'Code of your app')).toBeVisible();
  await look('account-confirm-app');
  await shop.visit('/account/security');
  await shop.press('心当たりがありません', 'It was not me', /\/account\/security\/not-me$/);
  await expect(shop.heading(shop.t('心当たりのないログイン', 'A sign-in that was not yours'))).toBeVisible();
  await look('account-security-not-me');
  await shop.visit('/account/security');
  await expect(shop.link('していただきたいことを見る', 'See what to do')).toBeVisible();
  await look('account-security-reported');
  await factorsAreSaidToBeLost(shop.page);
  await recoveryCodesAreUsedUp(shop.page);
  await mailIsRefused(shop.page);
  await shop.visit('/account/security');
  await expect(shop.main).toContainText(shop.t('ご確認いただきたいことが4件あります', '4 things need your attention'));
  await expect(shop.button('解除を取り消す', 'Stop the removal')).toBeVisible();
  await look('account-security-attention');
  await shop.page.context().clearCookies();
  await shop.visit('/login');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', 'Password').fill(password);
  await shop.press('ログインする', 'Sign in', /\/login\/confirm$/);
  await expect(shop.heading(shop.t('認証アプリをご確認ください', 'Please look at your authenticator app'))).toBeVisible();
  await look('login-confirm-app');
}

async function passkeyWalk({ shop, look }: Walker) {
  await withoutOffers(shop.page);
  await device(shop.page);
  await shop.register();
  await addPasskey(shop);
  await openPasskey(shop);
  await look('account-security-passkey');
  await shop.visit('/account/confirm');
  await expect(shop.button('パスキーで確認する', 'Confirm with a passkey')).toBeVisible();
  await look('account-confirm-passkey');
}

async function faultsWalk({ shop, look, expectedMessages }: Walker) {
  const endpoints = ['login', 'register', 'verify', 'reset', 'reset-code', 'confirm', 'prove'];
  expectedMessages.push(...endpoints.map((endpoint) => refused(`account/${endpoint}`)));
  const email = shop.field('メールアドレス', 'E-?mail');
  const code = shop.field('確認コード', 'Eight-digit code');
  const secret = shop.field('パスワード', 'Password');
  const send = async (ja: string, en: string, name: string) => {
    await shop.button(ja, en).first().click();
    await expect(shop.page.getByRole('alert').first()).toBeVisible();
    await look(name);
    await shop.awake();
  };

  // This browser has asked for no code yet.
  for (const path of ['/verify', '/login/confirm', '/reset/code']) {
    await shop.visit(path);
    await expect(code).toHaveCount(0);
    await look(`${nameOf(path)}-without-code`);
  }

  await shop.visit('/login');
  await email.fill(newAddress());
  await secret.fill('not the password');
  await send('ログインする', 'Sign in', 'login-faults');
  await shop.visit('/login/code');
  await email.fill(newAddress());
  await shop.press('確認コードを送る', 'Send me the code', /\/login\/confirm$/);
  await code.fill('1234');
  await send('ログインする', 'Sign in', 'login-confirm-faults');

  await shop.visit('/reset');
  await email.fill('hanako@invalid');
  await send('確認コードを送る', 'Send me the code', 'reset-faults');
  await email.fill(newAddress());
  await shop.press('確認コードを送る', 'Send me the code', /\/reset\/code$/);
  await code.fill('1234');
  await shop.field('新しいパスワード', 'New password').fill('short');
  await send('パスワードを設定してログインする', 'Set the password and sign in', 'reset-code-faults');

  await shop.visit('/register');
  await email.fill('hanako@invalid');
  await secret.fill('short');
  await send('確認コードを送る', 'Send me the code', 'register-faults');
  const mine = newAddress();
  await shop.askForCode(mine);
  await code.fill('1234');
  await send('登録を完了する', 'Finish', 'verify-faults');
  await code.fill(await newCode(mine, 0));
  await shop.press('登録を完了する', 'Finish', /\/account$/);

  await shop.visit('/account/confirm');
  await secret.fill('not the password');
  await send('確認する', 'Confirm', 'account-confirm-faults');
}

async function newsletterWalk({ shop, look }: Walker) {
  const email = await shop.register();
  await shop.visit('/account/mail');
  await shop.button('お便りを申し込む', 'Subscribe').click();
  await expect(shop.main).toContainText(shop.t('確認のメールをお送りしました', 'We have sent you a mail'));
  await look('account-mail-asked');
  await shop.visit(await link(email, '/newsletter/confirm/'));
  await expect(shop.button('お便りの配信を始める', 'Begin to send it')).toBeVisible();
  await look('newsletter-confirm');
  await shop.press('お便りの配信を始める', 'Begin to send it', /\/newsletter\/confirmed$/);
  await expect(shop.heading(shop.t('お便りの配信を始めます', 'The newsletter begins'))).toBeVisible();
  await look('newsletter-confirmed');
  await sendIssue();
  await shop.visit(await link(email, '/newsletter/leave/'));
  await expect(shop.button('お便りを止める', 'Stop sending it')).toBeVisible();
  await look('newsletter-leave');
}

async function emailWalk({ shop, look }: Walker) {
  const old = await shop.register();
  for (const path of ['/account/email/back', '/account/email/back/x', '/account/email/returned', '/account/email/stopped', '/account/security/email']) {
    await shop.visit(path);
    await look(nameOf(path));
  }
  const email = newAddress();
  await shop.field('新しいメールアドレス', 'New e-mail address').fill(email);
  await shop.button('確認コードを送る', 'Send me the code').click();
  const typed = shop.field('新しいアドレスに届いた確認コード', 'Eight-digit code from the new mailbox');
  await expect(typed).toBeVisible();
  await look('email-code');
  await shop.awake();
  await typed.fill(await newCode(email, 0));
  await shop.button('確認する', 'Confirm').click();
  await expect(shop.field('現在のアドレスに届いた確認コード', 'Eight-digit code from your current mailbox')).toBeVisible();
  await shop.main.locator('summary').click();
  await look('email-old-code');
  await shop.awake();
  await shop.button('3日待って変更する', 'Change it in three days').click();
  await expect(shop.button('変更を止める', 'Stop the change')).toHaveCount(1);
  await look('email-waits');
  for (const path of ['/account', '/account/security']) {
    await shop.visit(path);
    await look(`${nameOf(path)}-while-it-waits`);
  }
  await shop.visit(await link(old, '/account/email/back/'));
  await expect(shop.heading(shop.t('メールアドレスの変更を止める', 'Stop the change of the address'))).toBeVisible();
  await look('email-back-stops');
}

async function addressWalk({ shop, look }: Walker) {
  await shop.register();
  await shop.visit('/account');
  await look('account-new');
  await shop.visit('/account/addresses/new');
  await look('address-new');
  await shop.writeAddress({ name: shop.t('暖簾 太郎', 'Taro Noren'), postalCode: '100-0005', city: shop.t('千代田区丸の内', 'Chiyoda-ku Marunouchi') });
  await shop.press('保存する', 'Save', /\/account\/addresses$/);
  await look('addresses');
  await shop.visit(product.path);
  await shop.putIntoCart();
  await shop.visit('/checkout/contact');
  await expect(shop.button('このお届け先に送る', 'Send it here')).toBeVisible();
  await look('checkout-contact-saved');
  await shop.visit('/account/guest-orders');
  await look('guest-orders-proved');
  await shop.button('ご注文を履歴に加える', 'Add the orders').click();
  await expect(shop.main.getByRole('status')).toContainText(shop.t('見つかりませんでした', 'no orders'));
  await look('guest-orders-none');
  await shop.awake();
  await shop.press('確認コードを送る', 'Send me the code', /\/account\/guest-orders\/code$/);
  await expect(shop.field('確認コード', 'Eight-digit code')).toBeVisible();
  await look('guest-orders-code');
}

async function rightsWalk({ shop, look, expectedMessages }: Walker) {
  await shop.visit('/login');
  await shop.signIn('hanako@example.jp', demoPassword);
  await shop.visit('/account/data/erase');
  await look('data-erase');
  await shop.visit('/account/data');
  await look('data');
  await shop.visit('/account/data/erased');
  await look('data-erased-before');

  // Not hanako's: one person may ask for five copies a day, and every walk through the shop passes here.
  await shop.page.context().clearCookies();
  await shop.register();
  await shop.visit('/account/data');
  await shop.press('控えを書き出す', 'Make a copy', /\/account\/data\/export\//);
  await expect(shop.heading(shop.t('お預かりしている情報の控え', 'A copy of your data'))).toBeVisible();
  await look('data-export');
  await shop.visit('/account/data/erase');
  expectedMessages.push(refused('account/erase'));
  const field = shop.field('確認のため', 'To confirm');
  await field.fill(shop.t('はい', 'yes'));
  await shop.button('アカウントを消去する', 'Erase my account').click();
  await expect(shop.page.getByRole('alert').first()).toBeVisible();
  await look('data-erase-fault');
  await shop.awake();
  await field.fill(shop.t('消去', 'erase'));
  await shop.press('アカウントを消去する', 'Erase my account', /\/account\/data\/erased$/);
  await expect(shop.heading(shop.t('アカウントを消去しました', 'Your account is erased'))).toBeVisible();
  await look('data-erased');
}

/** Every walk, by what it passes. */
export const walks = {
  'open page': openWalk,
  'page on the way to an order': buyingWalk,
  'page of the account': accountWalk,
  'page of a second factor': factorWalk,
  'page of a passkey': passkeyWalk,
  'page of another address': emailWalk,
  'page of the newsletter': newsletterWalk,
  'door that stays shut': faultsWalk,
  'page of the address book': addressWalk,
  'page of data rights': rightsWalk,
};
