// Passkeys, with an authenticator that Chromium plays: it has room for keys, and its holder always says yes.
import AxeBuilder from '@axe-core/playwright';
import type { CDPSession, Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { password, type Shop } from '../shop.ts';

/** Gives the browser of `page` a device that makes passkeys. */
async function device(page: Page): Promise<{ cdp: CDPSession; authenticatorId: string }> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  } as const;
  return { cdp, ...(await cdp.send('WebAuthn.addVirtualAuthenticator', { options })) };
}

const section = (shop: Shop) => shop.page.getByRole('region', { name: shop.t('パスキー', 'Passkeys') });

async function addPasskey(shop: Shop) {
  await shop.visit('/account/security');
  const passkeys = section(shop).getByRole('listitem');
  const before = await passkeys.count();
  await shop.button('パスキーを追加する', 'Add a passkey').click();
  await expect(passkeys).toHaveCount(before + 1);
}

/** Opens what can be changed of the only passkey: with wasm it stays open when the list comes anew. */
async function open(shop: Shop) {
  const passkey = section(shop).getByRole('listitem');
  if (!(await passkey.getByLabel(shop.t('名前', 'Name')).isVisible())) await passkey.locator('summary').click();
  return passkey;
}

async function signOut(shop: Shop) {
  await shop.visit('/account');
  await shop.button('ログアウト', 'Sign out').first().click();
  await expect(shop.page).not.toHaveURL(/\/account$/);
}

/** The browser offers nothing by itself. */
async function withoutOffers(page: Page) {
  await page.addInitScript(() => {
    if ('PublicKeyCredential' in window) PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
}

test('a customer adds a passkey and signs in with nothing else @all', async ({ page, shop, life }) => {
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

  const one = await open(shop);
  await one.getByLabel(shop.t('名前', 'Name')).fill(shop.t('花子の電話', 'Hanako’s phone'));
  await one.getByRole('button', { name: shop.t('名前を保存', 'Save the name') }).click();
  await expect(one).toContainText(shop.t('「花子の電話」を変更', 'Change “Hanako’s phone”'));
  await shop.awake();
  await open(shop);
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

test('without scripts the page says what is missing and how to sign in instead @posts', async ({ shop, life }) => {
  test.skip(life !== 'scripts-off');
  await shop.register();
  await shop.visit('/account/security');
  await expect(section(shop)).toContainText(shop.t('スクリプト(JavaScript)と、パスキーに対応した', 'scripts (JavaScript) and a browser'));
  await expect(shop.button('パスキーを追加する', 'Add a passkey')).toBeHidden();
  await shop.visit('/login');
  await expect(shop.button('パスキーでログイン', 'Sign in with a passkey')).toBeHidden();
});

test('axe finds no fault with passkeys, by day or by night', async ({ page, shop }) => {
  await withoutOffers(page);
  await device(page);
  await shop.register();
  await addPasskey(shop);
  await open(shop);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((one) => one.id)).toEqual([]);
  }
});
