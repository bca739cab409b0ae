// The notice about a customer: its steps, which they tick off.
import { expect, test } from '../fixtures.ts';
import { demoPassword } from '../shop.ts';

test('a customer ticks a step of a notice off, finds it so when they come again, and takes it back @all', async ({ page, shop, visit, awake, life, lang, t }) => {
  test.slow();
  await visit('/login');
  await shop.signIn('hanako@example.jp', demoPassword);
  await visit('/account/security');
  const notice = page.getByRole('region', { name: t('お客様に関わるお知らせ', 'Notices about you') }).getByRole('article').first();
  const steps = notice.getByRole('listitem').filter({ has: page.getByRole('button', { name: t('番目', 'step') }) });
  await expect(steps).toHaveCount(4);

  // hanako is everybody's: each language, with wasm and without, has a step of its own. Where the wasm is held back or
  // broken it is the one of another test, so what that may have pressed meanwhile is tried again.
  const step = steps.nth((life === 'hydrated' ? 0 : 2) + (lang === 'ja' ? 0 : 1));
  const mark = step.getByRole('button', { name: t('済みにする', 'Mark as done') });
  const undo = step.getByRole('button', { name: t('取り消す', 'Undo') });
  const soon = { timeout: 5_000 };
  await expect(async () => {
    await visit('/account/security');
    if (await undo.isVisible()) await undo.click();
    await expect(mark).toBeVisible(soon);
    await expect(step.getByRole('status')).toHaveText(t('まだ済んでいません', 'Not done yet'), soon);

    await awake();
    await mark.click();
    await expect(undo).toBeVisible(soon);
    await expect(step.getByRole('status')).toContainText(t('済み 20', 'Done on '), soon);
    // Who goes through the list by keyboard still stands where they pressed.
    if (life === 'hydrated') await expect(undo).toBeFocused(soon);

    await visit('/account/security');
    await expect(undo).toBeVisible(soon);
    await undo.click();
    await expect(mark).toBeVisible(soon);
    await visit('/account/security');
    await expect(mark).toBeVisible(soon);
  }).toPass({ timeout: 60_000 });
});
