// What every page has.
import { expect, test } from '../fixtures.ts';

test('a wrong address says so and shows ways on @all', async ({ page, visit, t, expectedMessages }) => {
  expectedMessages.push(/404/);
  await visit('/no-such-page');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(t('ページが見つかりません', 'Page not found'));
  await expect(page.getByRole('main').getByRole('searchbox')).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: t('トップページへ', 'To the home page') })).toBeVisible();
});
