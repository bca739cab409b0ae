// Passkeys, with an authenticator that Chromium plays: it has room for keys, and its holder always says yes.
import { expect, type CDPSession, type Page } from '@playwright/test';
import type { Shop } from './shop.ts';

/** Gives the browser of `page` a device that makes passkeys. */
export async function device(page: Page): Promise<{ cdp: CDPSession; authenticatorId: string }> {
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

/** The browser offers nothing by itself. */
export async function withoutOffers(page: Page) {
  await page.addInitScript(() => {
    if ('PublicKeyCredential' in window) PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
}

/** The passkeys on the security page. */
export const section = (shop: Shop) => shop.page.getByRole('region', { name: shop.t('パスキー', 'Passkeys') });

/** Adds one on the security page. */
export async function addPasskey(shop: Shop) {
  await shop.visit('/account/security');
  const passkeys = section(shop).getByRole('listitem');
  const before = await passkeys.count();
  await shop.button('パスキーを追加する', 'Add a passkey').click();
  await expect(passkeys).toHaveCount(before + 1);
}

/** Opens what can be changed of the only passkey: with wasm it stays open when the list comes anew. */
export async function openPasskey(shop: Shop) {
  const passkey = section(shop).getByRole('listitem');
  if (!(await passkey.getByLabel(shop.t('名前', 'Name')).isVisible())) await passkey.locator('summary').click();
  return passkey;
}
