// The notice about a customer: its steps, which they tick off.
import { giveNotice } from '../database.ts';
import { expect, test } from '../fixtures.ts';

test('a customer ticks a step of a notice off, finds it so when they come again, and takes it back @all', async ({ page, shop, visit, life, t }) => {
  await shop.register();
  await giveNotice(page);
  await visit('/account/security');
  const notice = page.getByRole('region', { name: t('お客様に関わるお知らせ', 'Notices about you') }).getByRole('article');
  const steps = notice.getByRole('listitem').filter({ has: page.getByRole('button', { name: t('番目', 'step') }) });
  const waiting = notice.getByRole('button', { name: t('済みにする', 'Mark as done') });
  await expect(steps).toHaveCount(4);
  await expect(waiting).toHaveCount(4);

  const step = steps.nth(1);
  const mark = step.getByRole('button', { name: t('済みにする', 'Mark as done') });
  const undo = step.getByRole('button', { name: t('取り消す', 'Undo') });
  const state = step.getByRole('status');
  const done = new RegExp(t('^済み 20\\d\\d年\\d+月\\d+日', '^Done on \\w+, \\d+ \\w+ 20\\d\\d$'));
  await expect(state).toHaveText(t('まだ済んでいません', 'Not done yet'));

  await mark.click();
  await expect(state).toHaveText(done);
  await expect(undo).toBeVisible();
  // Who goes through the list by keyboard still stands where they pressed.
  if (life === 'hydrated') await expect(undo).toBeFocused();

  await visit('/account/security');
  await expect(state).toHaveText(done);
  await expect(waiting).toHaveCount(3);

  await undo.click();
  await expect(state).toHaveText(t('まだ済んでいません', 'Not done yet'));
  await expect(mark).toBeVisible();
  if (life === 'hydrated') await expect(mark).toBeFocused();

  await visit('/account/security');
  await expect(state).toHaveText(t('まだ済んでいません', 'Not done yet'));
  await expect(waiting).toHaveCount(4);
});
