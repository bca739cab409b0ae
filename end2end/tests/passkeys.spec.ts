// Passkeys: adding one, signing in with it, and showing with it once more who one is.
import { givePasskey, proofAges } from '../database.ts';
import { expect, test } from '../fixtures.ts';
import { addPasskey, device, openPasskey, section, withoutOffers } from '../passkeys.ts';
import { password, type Shop } from '../shop.ts';

async function signOut(shop: Shop) {
  await shop.visit('/account');
  await shop.button('ログアウト', 'Sign out').first().click();
  await expect(shop.page).not.toHaveURL(/\/account$/);
}

test('a customer adds a passkey, signs in with nothing else, and shows with it once more who they are @all', async ({ page, shop, life }) => {
  test.skip(life === 'scripts-off', 'a script asks the device');
  test.slow();
  await withoutOffers(page);
  await device(page);
  await shop.register();
  await addPasskey(shop);
  await expect(section(shop)).toContainText(shop.t('まだありません', 'not yet'));
  await signOut(shop);

  await shop.visit('/login?next=%2Faccount%2Fsecurity');
  await shop.press('パスキーでログイン', 'Sign in with a passkey', /\/account\/security$/);
  await expect(section(shop)).not.toContainText(shop.t('まだありません', 'not yet'));

  await proofAges(page);
  await shop.visit('/account/security/password');
  await expect(page).toHaveURL(/\/account\/confirm\?next=/);
  await shop.press('パスキーで確認する', 'Confirm with a passkey', ({ pathname }) => pathname.endsWith('/account/security/password'));
  await expect(shop.heading(shop.t('パスワードの変更', 'Change your password'))).toBeVisible();
});

test('where a code from a mail is asked for after the password, a passkey does instead', async ({ page, shop }) => {
  await withoutOffers(page);
  await device(page);
  const email = await shop.register();
  await addPasskey(shop);

  // Nobody is known by a browser without cookies.
  await page.context().clearCookies();
  await shop.visit('/login?next=%2Faccount%2Fsecurity');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  await shop.field('パスワード', 'Password').fill(password);
  await shop.press('ログインする', 'Sign in', ({ pathname }) => pathname.endsWith('/login/confirm'));
  await expect(shop.heading(shop.t('メールをご確認ください', 'Please check your mail'))).toBeVisible();
  await shop.press('パスキーでログイン', 'Sign in with a passkey', ({ pathname }) => pathname.endsWith('/account/security'));
  await expect(section(shop)).not.toContainText(shop.t('まだありません', 'not yet'));
});

test('the browser offers a passkey where the address is filled in', async ({ page, shop }) => {
  test.slow();
  await device(page);
  await shop.register();
  await addPasskey(shop);
  await signOut(shop);

  // The device's holder says yes to whatever is offered.
  await shop.visit('/login');
  await expect(page).toHaveURL(/\/account$/);
});

test('a passkey gets another name, and one that was removed opens nothing @all', async ({ page, shop, life, expectedMessages }) => {
  test.skip(life === 'scripts-off', 'a script asks the device');
  test.slow();
  expectedMessages.push(/status of 422 .*\/api\/account\/passkeys\/sign-in\)$/);
  await withoutOffers(page);
  await device(page);
  const email = await shop.register();
  await addPasskey(shop);

  const one = await openPasskey(shop);
  await one.getByLabel(shop.t('名前', 'Name')).fill(shop.t('花子の電話', 'Hanako’s phone'));
  await one.getByRole('button', { name: shop.t('名前を保存', 'Save the name') }).click();
  await expect(one).toContainText(shop.t('「花子の電話」を変更', 'Change “Hanako’s phone”'));
  await shop.awake();
  await openPasskey(shop);
  await one.getByRole('button', { name: shop.t('「花子の電話」を削除する', 'Remove “Hanako’s phone”') }).click();
  await expect(one).toHaveCount(0);
  await expect(section(shop)).toContainText(shop.t('パスキーはまだありません', 'You have no passkeys yet'));

  await signOut(shop);
  await shop.visit('/login');
  await shop.button('パスキーでログイン', 'Sign in with a passkey').click();
  await expect(page.getByRole('alert')).toContainText(shop.t('パスキーを確認できませんでした', 'could not be verified'));
  await shop.awake();
  await shop.signIn(email, password);
});

test('who changes their mind is told so, and a device is not asked twice', async ({ page, shop }) => {
  await withoutOffers(page);
  const { cdp, authenticatorId } = await device(page);
  await shop.register();
  await addPasskey(shop);
  const said = section(shop).getByRole('status');
  await shop.button('パスキーを追加する', 'Add a passkey').click();
  await expect(said).toContainText(shop.t('すでに追加されています', 'already has a passkey'));
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await signOut(shop);
  await shop.visit('/login');
  await shop.button('パスキーでログイン', 'Sign in with a passkey').click();
  await expect(shop.main.getByRole('status')).toContainText(shop.t('完了しませんでした', 'was not used'));
});

test('without scripts each page says what is missing and what does instead @posts', async ({ page, shop, life }) => {
  test.skip(life !== 'scripts-off');
  await shop.register();
  await shop.visit('/account/security');
  await expect(section(shop)).toContainText(shop.t('スクリプト（JavaScript）と、パスキーに対応した', 'scripts (JavaScript) and a browser'));
  await expect(shop.button('パスキーを追加する', 'Add a passkey')).toBeHidden();
  await givePasskey(page);
  await shop.visit('/account/confirm');
  await expect(shop.button('パスキーで確認する', 'Confirm with a passkey')).toBeHidden();
  await expect(shop.main.getByText(shop.t('パスワードでも、確認していただけます', 'Your password does as well'))).toBeVisible();
  // Who is signed in is led past the door.
  await page.context().clearCookies({ name: 'noren-session' });
  await shop.visit('/login');
  await expect(shop.button('パスキーでログイン', 'Sign in with a passkey')).toBeHidden();
  await expect(shop.main.getByText(shop.t('メールの確認コードでも、ログインしていただけます', 'You can also sign in with your password'))).toBeVisible();
});

test('nobody with scripts is told that a passkey needs them', async ({ page, shop }) => {
  await withoutOffers(page);
  await shop.visit('/login');
  await expect(shop.button('パスキーでログイン', 'Sign in with a passkey')).toBeVisible();
  await expect(shop.main.getByText(shop.t('パスキーでのログインには', 'To sign in with a passkey'))).toBeHidden();
});
