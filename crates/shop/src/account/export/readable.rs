//! A copy of somebody's data in words, to be read and printed.

use noren_domain::account::{AccountEvent, Browser, ExportSection, SavedAddress};
use noren_domain::checkout::PaymentMethod;
use noren_domain::order::{EventKind, OrderState, PaymentState, ShipmentState};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::Method;
use noren_domain::{Lang, Yen, moment};

use super::document::{Document, EmailChanged};
use super::orders::{Address, Order};
use super::sign_ins::SignIn;
use super::words;
use crate::mail::sent::{self, State};

type Entry = Vec<(String, String)>;

/// Writes sections in one language.
struct Writer(Lang);

impl Writer {
    fn section(&self, (ja, en): (&str, &str), note: (&str, &str), entries: Vec<Entry>) -> ExportSection {
        let note = self.0.pick(note.0, note.1).to_owned();
        ExportSection { title: self.0.pick(ja, en).to_owned(), note, entries }
    }

    fn pair(&self, ja: &str, en: &str, value: impl Into<String>) -> (String, String) {
        (self.0.pick(ja, en).to_owned(), value.into())
    }

    fn at(&self, at: i64) -> String {
        moment::date_time(at, self.0)
    }

    fn maybe(&self, at: Option<i64>) -> String {
        at.map_or_else(|| "–".to_owned(), |at| self.at(at))
    }

    fn yen(&self, amount: i64) -> String {
        Yen(amount).show(self.0)
    }

    fn device(&self, user_agent: &str, network: &str) -> [(String, String); 2] {
        [
            self.pair("ブラウザー", "Browser", format!("{} ({user_agent})", Browser::of(user_agent).words(self.0))),
            self.pair("接続元", "Network", network),
        ]
    }

    /// The name of a prefecture that stands in the copy by its number (JIS X 0401).
    fn prefecture(&self, number: &str) -> &'static str {
        let prefecture = number.parse::<u8>().ok().and_then(|number| Prefecture::try_from(number).ok());
        prefecture.map_or("", |prefecture| prefecture.name(self.0))
    }

    /// A postal code, which may stand in the copy without its hyphen.
    fn postal_code(&self, code: &str) -> String {
        let code = match code.split_at_checked(3) {
            Some((area, town)) if !town.is_empty() && !town.starts_with('-') => format!("{area}-{town}"),
            _ => code.to_owned(),
        };
        if code.is_empty() { code } else { self.0.pick(format!("〒{code}"), code) }
    }

    /// Prefecture (by its number), city, street and building in one line; in Japanese only the building stands apart.
    fn place(&self, prefecture: &str, city: &str, street: &str, building: &str) -> String {
        let prefecture = self.prefecture(prefecture);
        match self.0 {
            Lang::Ja => format!("{prefecture}{city}{street}　{building}").trim().to_owned(),
            Lang::En => [prefecture, city, street, building].join(" ").trim().to_owned(),
        }
    }

    /// The name of the language that stands in the copy by its tag.
    fn language(&self, tag: &str) -> &'static str {
        match Lang::from_tag(tag) {
            Lang::Ja => self.0.pick("日本語", "Japanese"),
            Lang::En => self.0.pick("英語", "English"),
        }
    }

    fn address(&self, address: Option<&Address>) -> Entry {
        let Some(address) = address else {
            let lost = self.0.pick("鍵が失われ、読めません", "its key is lost, and it opens no more");
            return vec![self.pair("お届け先", "Address", lost)];
        };
        let place = self.place(&address.prefecture, &address.city, &address.street, &address.building);
        let all = [
            self.pair("お名前", "Name", &address.name),
            self.pair("フリガナ", "Kana", &address.kana),
            self.pair("郵便番号", "Postal code", self.postal_code(&address.postal_code)),
            self.pair("ご住所", "Address", place),
            self.pair("電話番号", "Phone", &address.phone),
            self.pair("メールアドレス", "E-mail", &address.email),
            self.pair("メッセージ", "Message", &address.gift_message),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The three states of an order.
    fn states(&self, order: &Order) -> String {
        let lang = self.0;
        let state = OrderState::from_word(&order.state).map_or(order.state.as_str(), |state| state.name(lang));
        let payment = PaymentState::from_word(&order.payment_state);
        let goods = ShipmentState::from_word(&order.shipment_state)
            .zip(PaymentMethod::from_word(&order.payment_method))
            .zip(payment)
            .map_or(order.shipment_state.as_str(), |((goods, method), payment)| goods.words(method, payment, lang));
        let payment = payment.map_or(order.payment_state.as_str(), |payment| payment.name(lang));
        [state, payment, goods].join(lang.pick("、", ", "))
    }

    fn order(&self, order: &Order) -> Entry {
        let mut entry = vec![
            self.pair("ご注文番号", "Order", &order.no),
            self.pair("ご注文の日時", "Placed", self.maybe(order.placed_at)),
            self.pair("状態", "State", self.states(order)),
        ];
        let paid_by = PaymentMethod::from_word(&order.payment_method);
        let paid_by = paid_by.map_or(order.payment_method.as_str(), |method| method.name(self.0));
        let delivery = Method::from_word(&order.delivery_method);
        let delivery = delivery.map_or(order.delivery_method.as_str(), |method| method.name(self.0));
        for line in &order.lines {
            let name = self.0.pick(&line.name_ja, &line.name_en);
            let options = self.0.pick(&line.options_ja, &line.options_en);
            let goods = format!("{name} {options} ({}) {} × {}", line.sku, self.yen(line.price), line.quantity);
            entry.push(self.pair("商品", "Goods", goods));
        }
        entry.extend([
            self.pair("送料", "Shipping", self.yen(order.shipping)),
            self.pair("手数料", "Fee", self.yen(order.payment_fee)),
            self.pair("合計", "Total", self.yen(order.total)),
            self.pair("うち消費税", "Tax in it", self.yen(order.standard_tax + order.reduced_tax)),
            self.pair("お支払い方法", "Paid by", paid_by),
            self.pair("配送", "Delivery", delivery),
        ]);
        entry.extend(self.address(order.address.as_ref()));
        for event in &order.events {
            let what = EventKind::from_word(&event.kind);
            let what = what.map_or_else(|| event.kind.clone(), |kind| kind.name(self.0).to_owned());
            entry.push((self.at(event.at), what));
        }
        for payment in &order.payments {
            let kind = match payment.kind.as_str() {
                "captured" => self.0.pick("入金", "received"),
                _ => self.0.pick("返金", "paid back"),
            };
            entry.push((self.at(payment.at), format!("{kind} {}", self.yen(payment.amount))));
        }
        entry
    }
}

/// All of the copy, in the words of `lang`.
pub(super) fn sections(document: &Document, lang: Lang) -> Vec<ExportSection> {
    let words = Writer(lang);
    let mut sections = vec![
        account(&words, document),
        email_changes(&words, document),
        addresses(&words, document),
        orders(&words, document),
        cart(&words, document),
    ];
    sections.extend(ways_in(&words, document));
    sections.push(waiting(&words, document));
    sections.extend(posted(&words, document));
    sections.push(reads(&words, document));
    sections.retain(|section| !section.entries.is_empty());
    sections
}

fn account(w: &Writer, document: &Document) -> ExportSection {
    let account = &document.account;
    let mut entry = vec![
        w.pair("メールアドレス", "E-mail", account.email.clone().unwrap_or_default()),
        w.pair("お名前", "Name", account.name.clone().unwrap_or_default()),
        w.pair("お客様の番号", "Number", account.id.to_string()),
        w.pair("ご登録", "Registered", w.at(account.created_at)),
        w.pair("最後のログイン", "Last sign-in", w.maybe(account.active_at)),
        w.pair("パスワードの設定", "Password set", w.at(account.password_changed_at)),
        w.pair("アドレスの確認", "Address last proved", w.maybe(account.email_verified_at)),
        w.pair("言語", "Language", w.language(&account.lang)),
    ];
    entry.retain(|(_, value)| !value.is_empty());
    let note = (
        "パスワードは元に戻せない形でだけ保存しているため、ここには載せていません。",
        "The password is kept only in a form that cannot be turned back, and is not in here.",
    );
    w.section(("アカウント", "Account"), note, vec![entry])
}

fn orders(w: &Writer, document: &Document) -> ExportSection {
    w.section(("ご注文", "Orders"), ("", ""), document.orders.iter().map(|order| w.order(order)).collect())
}

fn addresses(w: &Writer, document: &Document) -> ExportSection {
    let saved = |saved: &SavedAddress| {
        let address = &saved.address;
        let place = w.place(&address.prefecture, &address.city, &address.street, &address.building);
        let all = [
            w.pair("お名前", "Name", &address.name),
            w.pair("フリガナ", "Kana", &address.kana),
            w.pair("郵便番号", "Postal code", w.postal_code(&address.postal_code)),
            w.pair("ご住所", "Address", place),
            w.pair("電話番号", "Phone", &address.phone),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    };
    w.section(("お届け先", "Addresses"), ("", ""), document.addresses.iter().map(saved).collect())
}

fn email_changes(w: &Writer, document: &Document) -> ExportSection {
    let change = |change: &EmailChanged| {
        let mut entry = vec![
            w.pair("もう一方のアドレス", "The other address", change.other_email.as_deref().unwrap_or("–")),
            w.pair("お手続き", "Asked for", w.at(change.asked_at)),
            w.pair("変更", "Changed", w.maybe(change.changed_at)),
        ];
        entry.extend(change.taken_back_at.map(|at| w.pair("取り消し", "Taken back", w.at(at))));
        entry.push(w.pair("保管の期限", "Kept until", w.at(change.kept_until)));
        entry
    };
    let entries = document.email_changes.iter().map(change).collect();
    w.section(("メールアドレスの変更", "Changes of the e-mail address"), ("", ""), entries)
}

fn cart(w: &Writer, document: &Document) -> ExportSection {
    let line = |line: &super::document::CartLine| {
        vec![
            w.pair("商品", "Goods", format!("{} × {}", line.sku, line.quantity)),
            w.pair("入れた日時", "Put in", w.at(line.added_at)),
        ]
    };
    let mut entries: Vec<Entry> = document.cart.iter().map(line).collect();
    if let Some(checkout) = &document.checkout {
        let mut entry = w.address(checkout.address.as_ref());
        entry.push(w.pair("最後の入力", "Last typed", w.at(checkout.updated_at)));
        entries.push(entry);
    }
    w.section(("カートとお手続きの途中の内容", "Cart and unfinished checkout"), ("", ""), entries)
}

fn ways_in(w: &Writer, document: &Document) -> Vec<ExportSection> {
    let mut factors = Vec::new();
    for passkey in &document.passkeys {
        factors.push(vec![
            w.pair("パスキー", "Passkey", &passkey.name),
            w.pair("追加", "Added", w.at(passkey.added)),
            w.pair("最後の使用", "Last used", w.maybe(passkey.used)),
        ]);
    }
    if let Some(since) = document.factors.totp {
        factors.push(vec![w.pair("認証アプリ", "Authenticator app", w.at(since))]);
    }
    if let Some(made) = document.factors.recovery.made_at {
        let left = document.factors.recovery.left.to_string();
        factors.push(vec![w.pair("復旧コードの残り", "Recovery codes left", left), w.pair("作成", "Made", w.at(made))]);
    }
    let session = |session: &super::document::Session| {
        let mut entry = vec![
            w.pair("ログイン", "Signed in", w.at(session.created_at)),
            w.pair("最終利用", "Last used", w.at(session.seen_at)),
            w.pair("終了", "Ended", w.maybe(session.ended_at)),
        ];
        entry.extend(w.device(&session.user_agent, &session.network));
        entry
    };
    let known = |browser: &super::document::KnownBrowser| {
        vec![
            w.pair("ご本人と確かめた日時", "First recognised", w.at(browser.since)),
            w.pair("最終利用", "Last used", w.at(browser.seen_at)),
        ]
    };
    let event = |event: &super::document::Event| {
        let kind = AccountEvent::from_word(&event.kind);
        let what = kind.map_or_else(|| event.kind.clone(), |kind| crate::mail::account::subject(kind, w.0).to_owned());
        let mut entry = vec![w.pair("日時", "When", w.at(event.at)), w.pair("できごと", "What", what)];
        entry.extend(w.device(&event.user_agent, &event.network));
        entry
    };
    let no_secrets = (
        "鍵やコードそのものは、知られると危険なため載せていません。",
        "The keys and codes themselves are not in here: they are safe only where they are.",
    );
    vec![
        w.section(("ログインの方法", "Ways to sign in"), no_secrets, factors),
        w.section(("ログインした端末", "Devices signed in"), ("", ""), document.sessions.iter().map(session).collect()),
        w.section(
            ("確認済みの端末", "Recognised browsers"),
            ("", ""),
            document.known_browsers.iter().map(known).collect(),
        ),
        sign_ins(w, document),
        w.section(
            ("アカウントのできごと", "What happened to the account"),
            ("", ""),
            document.events.iter().map(event).collect(),
        ),
    ]
}

fn sign_ins(w: &Writer, document: &Document) -> ExportSection {
    let sign_in = |sign_in: &SignIn| {
        let mut entry = vec![
            w.pair("日時", "When", w.at(sign_in.at)),
            w.pair("結果", "Outcome", words::of("sign_in", &sign_in.outcome, w.0)),
        ];
        entry.extend(sign_in.way.as_ref().map(|way| w.pair("方法", "By", words::of("way", way, w.0))));
        entry.extend(w.device(&sign_in.user_agent, &sign_in.network));
        entry.extend(
            sign_in.answer.as_ref().map(|answer| w.pair("ご回答", "Your answer", words::of("answer", answer, w.0))),
        );
        entry
    };
    let (ja, en) = match document.sign_ins_older {
        0 => (String::new(), String::new()),
        older => (
            format!(
                "ログインに至らなかった試みは、新しいものだけを載せています。ほかに、より古いものが{older}件あります。"
            ),
            format!("Of tries that did not end in a sign-in only the newest are in here; older ones besides: {older}."),
        ),
    };
    let entries = document.sign_ins.iter().map(sign_in).collect();
    w.section(("ログインの記録", "Sign-ins"), (ja.as_str(), en.as_str()), entries)
}

/// What is under way about the account.
fn waiting(w: &Writer, document: &Document) -> ExportSection {
    let waiting = &document.waiting;
    let mut entries = Vec::new();
    for challenge in &waiting.challenges {
        let mut entry = vec![
            w.pair("確認コードのご請求", "Code asked for", w.at(challenge.created_at)),
            w.pair("期限", "Good until", w.at(challenge.expires_at)),
        ];
        entry.extend(w.device(&challenge.user_agent, &challenge.network));
        entries.push(entry);
    }
    if let Some(removal) = &waiting.factor_removal {
        entries.push(vec![
            w.pair("二段階認証の解除のお申し出", "Removal of second factors asked for", w.at(removal.asked_at)),
            w.pair("解除の予定", "They go", w.at(removal.due_at)),
        ]);
    }
    if let Some(dormancy) = &waiting.dormancy {
        entries.push(vec![
            w.pair("お使いでないことのお知らせ", "Told that the account is not used", w.at(dormancy.told_at)),
            w.pair("お使いでない情報の消去", "Unused data erased", w.maybe(dormancy.reduced_at)),
            w.pair("アカウント消去の予告", "Told that the account goes", w.maybe(dormancy.warned_at)),
            w.pair("最後の予告", "Told once more", w.maybe(dormancy.warned_again_at)),
        ]);
    }
    w.section(("お手続き中のこと", "Under way"), ("", ""), entries)
}

fn posted(w: &Writer, document: &Document) -> Vec<ExportSection> {
    let mail = |mail: &super::document::Mail| {
        let state = match mail.returned_at {
            Some(_) => sent::returned_words(w.0),
            None => State::from_word(&mail.state).map_or(&*mail.state, |state| state.words(w.0)),
        };
        vec![
            w.pair("番号", "Number", &mail.no),
            w.pair(
                "件名",
                "Subject",
                if mail.subject.is_empty() { sent::kind_words(&mail.kind, w.0) } else { &mail.subject },
            ),
            w.pair("日時", "When", w.at(mail.returned_at.unwrap_or(mail.at))),
            w.pair("状態", "State", state),
        ]
    };
    let consent = |consent: &super::document::Consent| {
        vec![
            w.pair("日時", "When", w.at(consent.at)),
            w.pair("内容", "What", words::of("consent", &consent.act, w.0)),
            w.pair("方法", "How", words::of("source", &consent.source, w.0)),
            w.pair("文面の版", "Version of the words", &consent.words),
        ]
    };
    let notice = |notice: &super::document::Notice| {
        let ticked = notice.steps.iter().filter_map(|step| {
            let text = w.0.pick(&step.text_ja, &step.text_en);
            Some(w.pair("済みにされた項目", "Marked as done", format!("{text} ({})", w.at(step.done_at?))))
        });
        let mut entry = vec![
            w.pair("番号", "Number", &notice.no),
            w.pair("件名", "Title", w.0.pick(&notice.title_ja, &notice.title_en)),
            w.pair("お知らせした日時", "Published", w.at(notice.published_at)),
            w.pair("お読みになった日時", "Shown to you", w.maybe(notice.read_at)),
            w.pair("確認された日時", "Confirmed", w.maybe(notice.acknowledged_at)),
        ];
        entry.extend(ticked);
        entry
    };
    let asked = |asked: &super::document::Asked| {
        vec![
            w.pair("お求めの日時", "Asked for", w.at(asked.asked_at)),
            w.pair("期限", "Opens until", w.at(asked.expires_at)),
        ]
    };
    let what_it_says = (
        "どの項目にどのような影響があったかは、JSONファイルに載せています。",
        "What happened to which of your data stands in the JSON file.",
    );
    vec![
        w.section(("お送りしたメール", "Mails we sent you"), ("", ""), document.mails.iter().map(mail).collect()),
        w.section(
            ("お便りへの同意", "Consent to the newsletter"),
            ("", ""),
            document.newsletter.consents.iter().map(consent).collect(),
        ),
        w.section(
            ("お客様に関わるお知らせ", "Notices about you"),
            what_it_says,
            document.notices.iter().map(notice).collect(),
        ),
        w.section(("書き出した控え", "Copies asked for"), ("", ""), document.exports.iter().map(asked).collect()),
    ]
}

fn reads(w: &Writer, document: &Document) -> ExportSection {
    let entry = |read: &super::reads::Read| {
        let at = i64::try_from(read.at).unwrap_or_default();
        let mut entry = vec![(w.at(at), words::of("act", read.act, w.0).to_owned())];
        entry.extend(read.purpose.map(|purpose| w.pair("目的", "What for", words::of("purpose", purpose, w.0))));
        entry.push(w.pair("だれが", "By whom", words::of("actor", read.actor, w.0)));
        if !read.fields.is_empty() {
            let fields: Vec<&str> = read.fields.iter().map(|field| words::of("field", field, w.0)).collect();
            entry.push(w.pair("項目", "Fields", fields.join(w.0.pick("、", ", "))));
        }
        if read.outcome != "granted" {
            entry.push(w.pair("結果", "Outcome", words::of("outcome", read.outcome, w.0)));
        }
        entry
    };
    let entries = document.reads.iter().flatten().map(entry).collect();
    let note = (
        "これですべてであることの証明は、JSONファイルに載せています。",
        "The proof that these are all stands in the JSON file.",
    );
    w.section(("お客様の情報を読んだ記録", "Who read my data"), note, entries)
}
