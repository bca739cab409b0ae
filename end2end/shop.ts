// The shop as a person handles it: by the words on the page, never by its markup.
import { expect, type Page } from '@playwright/test';
import type { Lang } from './fixtures.ts';
import { devices } from './known.ts';
import { codes, newAddress, newCode } from './mailbox.ts';
import { url } from './server.ts';

/** The password of every account made by the tests. */
export const password = 'indigo waves over quiet hills';
/** The demo customers' password. */
export const demoPassword = 'noren-demo-curtain';

/** A cloth of the sample shop. */
export const product = {
  path: '/p/tenugui-seigaiha',
  name: { ja: '手ぬぐい 青海波', en: 'Tenugui, Seigaiha waves' },
  query: { ja: '青海波', en: 'seigaiha' },
};

export type Way = 'card' | 'transfer' | 'cash';

/** Who and where, as typed. */
export type Contact = { name: string; postalCode: string; city: string };

export class Shop {
  constructor(
    readonly page: Page,
    readonly lang: Lang,
    readonly awake: () => Promise<void>,
  ) {}

  t(ja: string, en: string): string {
    return this.lang === 'ja' ? ja : en;
  }

  get main() {
    return this.page.getByRole('main');
  }

  /** The search field in the header. */
  get searchBox() {
    return this.page.getByRole('banner').getByLabel(this.t('商品をさがす', 'Search the shop'));
  }

  heading(name: string | RegExp) {
    return this.page.getByRole('heading', { level: 1, name });
  }

  field(ja: string, en: string) {
    return this.main.getByLabel(new RegExp(`^${this.t(ja, en)}`)).first();
  }

  button(ja: string, en: string) {
    return this.main.getByRole('button', { name: new RegExp(this.t(ja, en)) });
  }

  link(ja: string, en: string) {
    return this.main.getByRole('link', { name: new RegExp(this.t(ja, en)) }).first();
  }

  /** Opens a path (without language) and waits until the page is what it will be in this life. */
  async visit(path: string) {
    const localised = this.lang === 'ja' ? path : `/en${path === '/' ? '' : path}`;
    await this.page.goto(localised, { waitUntil: 'domcontentloaded' });
    await this.awake();
  }

  /** After a link within the browser: the new page takes the focus once it stands, and nobody types before that. */
  async arrived() {
    const inside = () => this.page.evaluate(() => document.activeElement?.closest('main') != null);
    await expect.poll(inside, { message: 'the focus stands in the new page' }).toBe(true);
  }

  /** Presses a button and waits for the address it leads to. */
  async press(ja: string, en: string, leadsTo: RegExp | ((url: URL) => boolean)) {
    await this.button(ja, en).first().click();
    await expect(this.page).toHaveURL(leadsTo);
    await this.awake();
  }

  async search(words: string) {
    const box = this.searchBox;
    await box.fill(words);
    await box.press('Enter');
    await expect(this.page).toHaveURL(/\/search\?/);
    await this.awake();
  }

  /** A line of the cart, by the name of the product. */
  line(name: string) {
    return this.main.getByRole('listitem').filter({ has: this.page.getByRole('link', { name, exact: true }) });
  }

  /** The quantity of a line of the cart. */
  quantityOf(name: string) {
    return this.line(name).getByLabel(new RegExp(`^${this.t('数量', 'Quantity')}`));
  }

  /** Types a quantity and sends it: by the Enter key, in every life of the page. */
  async quantity(name: string, quantity: string) {
    const box = this.quantityOf(name);
    await box.fill(quantity);
    await box.press('Enter');
  }

  /** Sends a quantity that a number field would stop in the browser: a script can still send it. */
  async forceQuantity(name: string, quantity: string) {
    const box = this.quantityOf(name);
    await box.evaluate((input: HTMLInputElement, value) => {
      input.type = 'text';
      input.value = value;
      input.form?.setAttribute('novalidate', '');
    }, quantity);
    await box.press('Enter');
  }

  async putIntoCart() {
    await this.press('カートに入れる', 'Add to cart', /\/cart$/);
  }

  /** Fills the first step of the checkout in. The city comes first: no look-up of the postal code overwrites it. */
  async writeContact(email: string, other: Partial<Contact> = {}) {
    const contact: Contact = {
      name: this.t('暖簾 太郎', 'Taro Noren'),
      postalCode: '100-0005',
      city: this.t('千代田区丸の内', 'Chiyoda-ku Marunouchi'),
      ...other,
    };
    await this.field('メールアドレス', 'E-?mail').fill(email);
    await this.writeAddress(contact);
    return contact;
  }

  /** Fills the fields of an address in, wherever it is asked for. */
  async writeAddress(contact: Contact, street = '1-1-1') {
    await this.field('お名前', 'Full name').fill(contact.name);
    await this.field('市区町村', 'City').fill(contact.city);
    await this.field('郵便番号', 'Postal code').fill(contact.postalCode);
    await this.field('都道府県', 'Prefecture').selectOption('13');
    await this.field('番地', 'Street').fill(street);
    await this.field('電話番号', 'Phone').fill('03-1234-5678');
  }

  async contact(email: string, other: Partial<Contact> = {}) {
    const contact = await this.writeContact(email, other);
    await this.press('配送の選択へ', 'Continue to delivery', /\/checkout\/delivery$/);
    return contact;
  }

  /** Sends the first step with slips that only the shop can see. */
  async contactWithSlips() {
    await this.field('お名前', 'Full name').fill('暖簾 花子');
    await this.field('メールアドレス', 'E-?mail').fill('hanako@invalid');
    await this.field('郵便番号', 'Postal code').fill('12');
    await this.field('市区町村', 'City').fill('千代田区');
    await this.field('番地', 'Street').fill('1-1-1');
    await this.field('電話番号', 'Phone').fill('12345');
    await this.button('配送の選択へ', 'Continue to delivery').first().click();
  }

  async delivery() {
    await expect(this.heading(this.t('配送の選択', 'Delivery'))).toBeVisible();
    await this.main.getByRole('radio', { name: new RegExp(this.t('宅配便', 'Parcel|Courier')) }).check();
    await this.press('お支払い方法へ', 'Continue to payment', /\/checkout\/payment$/);
  }

  async payment(way: Way) {
    const name = {
      card: this.t('クレジットカード', 'Credit or debit card'),
      transfer: this.t('銀行振込', 'Bank transfer'),
      cash: this.t('代金引換', 'Cash on delivery'),
    }[way];
    const choice = this.main.getByRole('radio', { name: new RegExp(name) });
    const next = this.button('確認', 'Continue|Review|Check').first();
    // The step before stays in view until this one is there, and speaks of cash on delivery too.
    await expect(this.heading(this.t('お支払い方法', 'Payment'))).toBeVisible();
    await choice.check();
    await next.click();
    await expect(this.page).toHaveURL(/\/checkout\/confirm$/);
    await this.awake();
  }

  /** From a cart with goods to the final confirmation. */
  async checkout(email: string, way: Way) {
    await this.link('ご購入手続きへ', 'Go to checkout').click();
    await expect(this.page).toHaveURL(/\/checkout\/contact$/);
    await this.awake();
    await this.contact(email);
    await this.delivery();
    await this.payment(way);
  }

  async placeOrder(leadsTo: RegExp) {
    await this.button('注文を確定する', 'Place order').first().click();
    await expect(this.page).toHaveURL(leadsTo);
  }

  /** The test bank's page is not the shop's: it has its own words. */
  async bank(choice: 'approve' | 'decline') {
    await expect(this.page).toHaveURL(/\/test-bank\/pay\//);
    const name = choice === 'approve' ? /成功|succeeds/ : /カードが承認されない|The card is declined/;
    await this.page.getByRole('button', { name }).first().click();
    await expect(this.page).toHaveURL(/\/orders\/[\w-]+$/);
    await this.awake();
  }

  /** The first half of a registration: ends where the code from the mail is asked for. */
  async askForCode(email: string) {
    await this.visit('/register');
    await this.field('メールアドレス', 'E-?mail').fill(email);
    await this.field('パスワード', 'Password').fill(password);
    await this.press('確認コードを送る', 'Send me the code', /\/verify/);
  }

    /** A new account, registered on the pages as a person does it, who then stands on the account's first page. */
  async registerByHand(email = newAddress()): Promise<string> {
    // Somebody who ordered before has other mails already.
    const before = codes(email).length;
    await this.askForCode(email);
    await this.field('確認コード', 'Eight-digit code').fill(await newCode(email, before));
    await this.press('登録を完了する', 'Finish', /\/account$/);
    return email;
  }

  /** The same by the forms alone, without the pages: what most tests are about begins only after it. */
  async register(email = newAddress()): Promise<string> {
    const before = codes(email).length;
    await this.post('account/register', { email, password, next: '' });
    await this.post('account/verify', { code: await newCode(email, before), next: '' });
    return email;
  }

  /** Sends a form as a page without scripts does, with the cookies of this browser. */
  private async post(action: string, form: Record<string, string>) {
    const page = `${url}${this.t('', '/en')}/register`;
    const headers = { accept: 'text/html', origin: url, referer: page, 'sec-fetch-site': 'same-origin' };
    const answer = await this.page.context().request.post(`${url}/api/${action}`, { form, headers, maxRedirects: 0 });
    expect(answer.status(), `${action} leads on`).toBe(302);
    expect(answer.headers()['location'], `${action} leads on`).not.toContain('/register');
  }

  /** Signs in on the login page. */
  async signIn(email: string, secret: string, leadsTo = /\/account$/) {
    // The page before it stays until this one is there, and may have a field for an address as well.
    await expect(this.heading(this.t('ログイン', 'Sign in'))).toBeVisible();
    await this.field('メールアドレス', 'E-?mail').fill(email);
    await this.field('パスワード', 'Password').fill(secret);
    if (devices[email]) await this.page.context().addCookies([{ name: 'noren-device', value: devices[email], url }]);
    const before = codes(email).length;
    // The page before has where it leads to in its query.
    const led = ({ pathname }: URL) => leadsTo.test(pathname) || pathname.endsWith('/login/confirm');
    await this.press('ログインする', 'Sign in', led);
    if (new URL(this.page.url()).pathname.endsWith('/login/confirm')) await this.typeCode(email, before, leadsTo);
  }

  /** Types in the code of the mail that comes after `before` others. */
  async typeCode(email: string, before: number, leadsTo = /\/account$/) {
    await this.field('確認コード', 'Eight-digit code').fill(await newCode(email, before));
    await this.press('ログインする', 'Sign in', ({ pathname }) => leadsTo.test(pathname));
  }

  /** Ends every other session of the customer, and waits until the page says that there is none. */
  async signOutOthers() {
    await this.visit('/account/security');
    const end = this.button('この端末以外をすべてログアウト', 'Sign out all other devices');
    await end.click();
    await expect(end).toHaveCount(0);
  }
}
