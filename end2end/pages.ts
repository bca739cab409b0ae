// The shop as a person handles it: by the words on the page, never by its markup.
import { expect, type Page } from '@playwright/test';
import type { Lang } from './fixtures.ts';

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

  /** Presses a button and waits for the address it leads to. */
  async press(ja: string, en: string, leadsTo: RegExp) {
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

  /** Types a quantity and sends it: by the Enter key, in every life of the page. */
  async quantity(name: string, quantity: string) {
    const box = this.line(name).getByLabel(new RegExp(`^${this.t('数量', 'Quantity')}`));
    await box.fill(quantity);
    await box.press('Enter');
  }

  async putIntoCart() {
    await this.press('カートに入れる', 'Add to cart', /\/cart$/);
  }

  async contact(email: string) {
    await this.field('メールアドレス', 'E-?mail').fill(email);
    await this.field('お名前', 'Full name').fill(this.t('暖簾 太郎', 'Taro Noren'));
    await this.field('郵便番号', 'Postal code').fill('100-0005');
    await this.field('都道府県', 'Prefecture').selectOption('13');
    await this.field('市区町村', 'City').fill(this.t('千代田区丸の内', 'Chiyoda-ku Marunouchi'));
    await this.field('番地', 'Street').fill('1-1-1');
    await this.field('電話番号', 'Phone').fill('03-1234-5678');
    await this.press('配送の選択へ', 'Continue to delivery', /\/checkout\/delivery$/);
  }

  async delivery() {
    await this.main.getByRole('radio', { name: new RegExp(this.t('宅配便', 'Parcel|Courier')) }).check();
    await this.press('お支払い方法へ', 'Continue to payment', /\/checkout\/payment$/);
  }

  async payment(way: Way) {
    const name = {
      card: this.t('クレジットカード', 'Credit or debit card'),
      transfer: this.t('銀行振込', 'Bank transfer'),
      cash: this.t('代金引換', 'Cash on delivery'),
    }[way];
    await this.main.getByRole('radio', { name: new RegExp(name) }).check();
    await this.press('確認', 'Continue|Review|Check', /\/checkout\/confirm$/);
  }

  /** From a cart with goods to the final confirmation. */
  async checkout(email: string, way: Way) {
    const start = this.main.getByRole('link', { name: new RegExp(this.t('ご購入手続きへ', 'Go to checkout')) });
    await start.first().click();
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
  }

  async signIn(email: string, secret: string) {
    await this.field('メールアドレス', 'E-?mail').fill(email);
    await this.field('パスワード', 'Password').fill(secret);
    await this.press('ログインする', 'Log in', /\/account/);
  }
}

/** Pages that anybody can open without having done anything before. */
export const openPages = [
  '/',
  '/c/tenugui',
  '/search?q=%E9%9D%92%E6%B5%B7%E6%B3%A2',
  '/search?q=zzzzzz',
  product.path,
  '/cart',
  '/register',
  '/login',
  '/security',
  '/help',
  '/legal/commerce',
  '/legal/privacy',
  '/legal/terms',
  '/no-such-page',
];

/** Pages of a signed-in customer. */
export const accountPages = ['/account', '/account/orders', '/account/security'];
