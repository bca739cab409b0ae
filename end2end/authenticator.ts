// An authenticator app: computes what the key on a page shows (RFC 6238: SHA-1, six digits, thirty seconds).
import { expect } from '@playwright/test';
import { createHmac } from 'node:crypto';
import type { Shop } from './shop.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const step = 30_000;

function fromBase32(key: string): Buffer {
  const bits = [...key.replace(/\s/g, '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}

/** The code of the key `key` at the time `at`, in milliseconds. */
export function code(key: string, at = Date.now()): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / step)));
  const mac = createHmac('sha1', fromBase32(key)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return ((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).toString().padStart(6, '0');
}

/** The next code of the key: none is taken twice, and a clock that is half a minute ahead is forgiven. */
export function nextCode(key: string): string {
  return code(key, Date.now() + step);
}

/** A code that the key does not show about now. */
export function wrongCode(key: string): string {
  const near = [-2, -1, 0, 1, 2].map((steps) => code(key, Date.now() + steps * step));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((wrong) => !near.includes(wrong)) ?? '';
}

/** Sets an app up where there are no recovery codes yet, and ends where they are shown; gives the app's key. */
export async function setUpApp(shop: Shop): Promise<string> {
  await shop.visit('/account/security/totp');
  await shop.button('設定をはじめる', 'Begin').click();
  const secret = shop.main.locator('code.secret');
  await expect(secret).toBeVisible();
  await shop.awake();
  const key = await secret.innerText();
  await shop.field('認証アプリの確認コード', 'Six-digit code from the app').fill(code(key));
  await shop.press('有効にする', 'Turn it on', /\/account\/security\/recovery$/);
  return key;
}
