// The ways in besides the password: a code from a mail, a new password, and proving once more who one is.
import { refused } from '../console.ts';
import { earlierSignIns, proofAges } from '../database.ts';
import { expect, test } from '../fixtures.ts';
import { codes, newCode } from '../mailbox.ts';
import { password } from '../shop.ts';

const another = 'lantern river under the maple';

test('in a new browser the password is not enough, and the code from the mail is @all @matrix', async ({ shop, elsewhere, t, expectedMessages }) => {
  expectedMessages.push(refused('account/confirm'));
  const email = await shop.register();
  const other = await elsewhere();
  await other.visit('/login');
  await other.field('メールアドレス', 'E-?mail').fill(email);
  await other.field('パスワード', 'Password').fill(password);
  const before = codes(email).length;
  await other.press('ログインする', 'Sign in', /\/login\/confirm$/);
  await expect(other.main).toContainText(t('8桁の確認コード', 'eight-digit code'));
  const code = await newCode(email, before);
  await other.field('確認コード', 'Eight-digit code').fill(code === '00000000' ? '00000001' : '00000000');
  await other.button('ログインする', 'Sign in').first().click();
  await expect(other.page.getByRole('alert')).toContainText(t('コードが違います', 'The code is wrong'));
  await other.field('確認コード', 'Eight-digit code').fill(code);
  await other.press('ログインする', 'Sign in', /\/account$/);

  await other.button('ログアウト', 'Sign out').first().click();
  await expect(other.page).not.toHaveURL(/\/account$/);
  await other.visit('/login');
  await other.field('メールアドレス', 'E-?mail').fill(email);
  await other.field('パスワード', 'Password').fill(password);
  await other.press('ログインする', 'Sign in', /\/account$/);
});

test('a person who has forgotten the password sets another @all @matrix', async ({ page, shop, elsewhere, visit, t }) => {
  const email = await shop.register();
  const other = await elsewhere();
  await other.visit('/login');
  await other.link('パスワードをお忘れの方', 'Forgot your password').click();
  await expect(other.page).toHaveURL(/\/reset$/);
  await other.awake();
  await other.field('メールアドレス', 'E-?mail').fill(email);
  const before = codes(email).length;
  await other.press('確認コードを送る', 'Send me the code', /\/reset\/code$/);
  await other.field('確認コード', 'Eight-digit code').fill(await newCode(email, before));
  await other.field('新しいパスワード', 'New password').fill(another);
  await other.press('パスワードを設定してログインする', 'Set the password and sign in', /\/account$/);

  await visit('/account/security');
  await expect(page, 'the other device is signed out').toHaveURL(/\/login\?next=/);
  await expect(shop.main).toContainText(t('ログアウトしています', 'has ended'));
  await shop.signIn(email, another, /\/account\/security$/);
});

test('a person signs in with a code from a mail, without a password @all', async ({ shop, elsewhere }) => {
  const email = await shop.register();
  const other = await elsewhere();
  await other.visit('/login');
  await other.link('メールのコードでログイン', 'Sign in with a code by mail').click();
  await expect(other.page).toHaveURL(/\/login\/code$/);
  await other.awake();
  await other.field('メールアドレス', 'E-?mail').fill(email);
  const before = codes(email).length;
  await other.press('確認コードを送る', 'Send me the code', /\/login\/confirm$/);
  await other.typeCode(email, before);
});

test('who has typed too many wrong passwords is told to wait, and comes in with a code by mail @posts', async ({ page, shop, elsewhere, visit, life, t, expectedMessages }) => {
  test.slow();
  expectedMessages.push(refused('account/login'));
  // A browser that somebody is known by has more tries.
  const email = await (await elsewhere()).register();
  await visit('/login');
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  const stopped = shop.main.getByRole('alert').filter({ hasText: t('お試しの回数が多いため', 'There were too many tries') });
  let tries = 0;
  for (; tries < 30 && !(await stopped.isVisible()); tries += 1) {
    await shop.field('パスワード', 'Password').fill('not the password');
    // Without scripts each answer is a page of its own.
    const answer = life === 'hydrated' ? page.waitForResponse(/\/api\/account\/login$/) : page.waitForEvent('domcontentloaded');
    await shop.button('ログインする', 'Sign in').first().click();
    await answer;
    await shop.awake();
  }
  await expect(stopped).toContainText(t('分ほどおいて', 'Please try again in about'));
  expect(tries, 'the first ten are taken').toBeGreaterThan(10);

  await shop.link('メールのコードでログイン', 'Sign in with a code by mail').click();
  await expect(page).toHaveURL(/\/login\/code$/);
  await shop.awake();
  await shop.field('メールアドレス', 'E-?mail').fill(email);
  const before = codes(email).length;
  await shop.press('確認コードを送る', 'Send me the code', /\/login\/confirm$/);
  await shop.typeCode(email, before);
});

test('before something important the password is asked for once more: a wrong one is refused in words, the right one leads on @all @matrix', async ({ page, shop, visit, t, expectedMessages }) => {
  expectedMessages.push(refused('account/prove'));
  await shop.register();
  await proofAges(page);
  await visit('/account/security/password');
  await expect(page).toHaveURL(/\/account\/confirm\?next=/);
  await expect(shop.heading(t('ご本人の確認', 'Confirm that it is you'))).toBeVisible();
  await shop.field('パスワード', 'Password').fill('not the password');
  await shop.button('確認する', 'Confirm').first().click();
  await expect(page.getByRole('alert')).toContainText(t('パスワードが違います', 'This is not the password of your account'));
  await shop.awake();
  await shop.field('パスワード', 'Password').fill(password);
  await shop.press('確認する', 'Confirm', ({ pathname }) => pathname.endsWith('/account/security/password'));
  await expect(shop.heading(t('パスワードの変更', 'Change your password'))).toBeVisible();
});

test('a person changes the password and every other device is signed out @all @matrix', async ({ page, shop, elsewhere, visit, t }) => {
  const email = await shop.register();
  const other = await elsewhere();
  await other.visit('/login');
  await other.signIn(email, password);
  await visit('/account/security');
  await shop.link('パスワードを変更する', 'Change the password').click();
  await expect(page).toHaveURL(/\/account\/security\/password$/);
  await shop.awake();
  await shop.field('新しいパスワード', 'New password').fill(another);
  await shop.press('パスワードを変更する', 'Change the password', /\/account\/security$/);
  await other.visit('/account');
  await expect(other.page).toHaveURL(/\/login\?next=/);
  await other.signIn(email, another);
  await expect(other.main).toContainText(email);
  await expect(shop.main).toContainText(t('アカウントの安全', 'Account security'));
});

test('a customer knows the check phrase, and may have another one @all', async ({ page, shop, visit, t }) => {
  await shop.register();
  await visit('/account/security');
  const phrases = page.getByRole('region', { name: t('合言葉', 'check phrase') }).locator('.phrase');
  const [japanese, english] = [phrases.filter({ hasText: t('日本語の', 'Japanese') }), phrases.filter({ hasText: t('英語の', 'English') })];
  const [first, second] = [await japanese.innerText(), await english.innerText()];
  await shop.button('別の合言葉にする', 'Give me another').click();
  await expect(japanese).not.toHaveText(first);
  await expect(english).not.toHaveText(second);
});

test('a sign-in that was not mine is reported, and one way leads through what to do @all @matrix', async ({ page, shop, elsewhere, visit, t }) => {
  const email = await shop.register();
  const thief = await elsewhere();
  await thief.visit('/login');
  await thief.signIn(email, password);
  await visit('/account/security');
  const newest = page.getByRole('region', { name: t('最近のログイン', 'Recent sign-ins') }).getByRole('listitem').first();
  await newest.getByRole('button', { name: t('心当たりがありません', 'It was not me') }).click();
  await expect(page).toHaveURL(/\/account\/security\/not-me$/);
  const steps = page.locator('.steps-to-take');
  await expect(steps).toHaveCSS('list-style-type', 'decimal');
  await expect(steps.locator('> li').first()).toHaveCSS('display', 'list-item');
  await shop.awake();
  await shop.link('パスワードを変更する', 'Change the password').click();
  await expect(page).toHaveURL(/\/account\/security\/password$/);
  await shop.awake();
  await shop.field('新しいパスワード', 'New password').fill(another);
  await shop.press('パスワードを変更する', 'Change the password', /\/account\/security$/);
  await expect(newest).toContainText(t('心当たりなしと報告済み', 'You said: it was not me'));
  await thief.visit('/account');
  await expect(thief.page).toHaveURL(/\/login\?next=/);
});

test('a sign-in that lacked its code needs attention until its owner says that it was they @posts', async ({ page, shop, elsewhere, visit, t }) => {
  const email = await shop.register();
  const other = await elsewhere();
  await other.visit('/login');
  await other.field('メールアドレス', 'E-?mail').fill(email);
  await other.field('パスワード', 'Password').fill(password);
  await other.press('ログインする', 'Sign in', /\/login\/confirm$/);

  await visit('/account/security');
  await expect(shop.main).toContainText(t('ご確認いただきたいことが1件あります', 'One thing needs your attention'));
  const newest = page.getByRole('region', { name: t('最近のログイン', 'Recent sign-ins') }).getByRole('listitem').first();
  await newest.getByRole('button', { name: t('わたしです', 'It was me') }).click();
  await expect(newest).toContainText(t('ご本人と確認済み', 'You said: it was me'));
  await expect(shop.main).toContainText(t('いま確認が必要なことはありません', 'Nothing needs your attention right now'));
});

test('a customer goes back through all sign-ins page by page, and an answer leads to the page that it was given on @posts', async ({ page, shop, visit, t }) => {
  await shop.register();
  await earlierSignIns(page, 24);
  await visit('/account/security');
  await shop.link('ログインの記録をすべて見る', 'See all sign-ins').click();
  await expect(page).toHaveURL(/\/account\/security\/sign-ins$/);
  await shop.awake();
  const rows = shop.main.getByRole('listitem');
  await expect(rows).toHaveCount(20);
  await shop.link('古い記録', 'Older ones').click();
  await expect(page).toHaveURL(/\/sign-ins\?after=/);
  await shop.awake();
  await expect(rows).toHaveCount(5);
  const older = page.url();

  await rows.last().getByRole('button', { name: t('わたしです', 'It was me') }).click();
  await expect(rows.last()).toContainText(t('ご本人と確認済み', 'You said: it was me'));
  await expect(page).toHaveURL(({ href }) => href === older);
  await expect(rows).toHaveCount(5);
  await shop.awake();
  await shop.link('いちばん新しい記録へ', 'Back to the newest').click();
  await expect(page).toHaveURL(/\/account\/security\/sign-ins$/);
  await expect(rows).toHaveCount(20);
});
