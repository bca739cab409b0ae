//! What the shop holds about a person, why, until when, and who else has got it: computed from what is really there.

use noren_domain::account::{DataView, Holding};
use noren_domain::{Id, Lang, account::Customer};
use uuid::Uuid;

use super::export;
use crate::db::Conn;
use crate::session::{self, SignedIn};
use crate::{Shop, fetch_one, fetch_optional};

/// How much there is of each kind.
#[derive(Default)]
struct Counts {
    named: bool,
    orders: i64,
    shipped: i64,
    by_card: i64,
    cart: i64,
    typed: bool,
    addresses: i64,
    other_emails: i64,
    taken_back: i64,
    sessions: i64,
    browsers: i64,
    sign_ins: i64,
    events: i64,
    factors: i64,
    mails: i64,
    consents: i64,
    notices: i64,
}

async fn count(conn: &mut Conn, sql: &'static str, customer: Uuid) -> Result<i64, sqlx::Error> {
    Ok(fetch_one!(conn, (i64,), sql, customer).await?.0)
}

async fn counts(conn: &mut Conn, shop: &Shop, customer: Id<Customer>, named: bool) -> Result<Counts, sqlx::Error> {
    let id = customer.0;
    let factors = count(conn, "SELECT COUNT(*) FROM passkey WHERE customer_id = $1", id).await?
        + count(conn, "SELECT COUNT(*) FROM totp WHERE customer_id = $1", id).await?
        + count(conn, "SELECT COUNT(*) FROM recovery_code WHERE customer_id = $1 AND used_at IS NULL", id).await?;
    let typed = "SELECT COUNT(*) FROM checkout k JOIN cart c ON c.id = k.cart_id WHERE c.customer_id = $1";
    let cart = "SELECT COUNT(*) FROM cart c JOIN cart_line l ON l.cart_id = c.id WHERE c.customer_id = $1";
    let shipped =
        "SELECT COUNT(*) FROM orders WHERE customer_id = $1 AND shipment_state IN ('shipped', 'delivered', 'returned')";
    let taken_back = "SELECT COUNT(*) FROM email_change WHERE customer_id = $1 AND state = 'reverted'";
    let by_card =
        "SELECT COUNT(DISTINCT o.id) FROM orders o JOIN payment_try t ON t.order_id = o.id WHERE o.customer_id = $1";
    Ok(Counts {
        named,
        orders: count(conn, "SELECT COUNT(*) FROM orders WHERE customer_id = $1", id).await?,
        shipped: count(conn, shipped, id).await?,
        by_card: count(conn, by_card, id).await?,
        cart: count(conn, cart, id).await?,
        typed: count(conn, typed, id).await? > 0,
        addresses: count(conn, "SELECT COUNT(*) FROM address WHERE customer_id = $1", id).await?,
        other_emails: count(conn, "SELECT COUNT(*) FROM email_change WHERE customer_id = $1", id).await?,
        taken_back: count(conn, taken_back, id).await?,
        sessions: session::how_many(conn, shop, customer).await?,
        browsers: count(conn, "SELECT COUNT(*) FROM known_device WHERE customer_id = $1", id).await?,
        sign_ins: count(conn, "SELECT COUNT(*) FROM sign_in WHERE customer_id = $1", id).await?,
        events: count(conn, "SELECT COUNT(*) FROM account_event WHERE customer_id = $1", id).await?,
        factors,
        mails: count(conn, "SELECT COUNT(*) FROM mail_sent WHERE customer_id = $1 OR subject_id = $1", id).await?,
        consents: count(conn, "SELECT COUNT(*) FROM newsletter_consent WHERE customer_id = $1", id).await?,
        notices: count(conn, "SELECT COUNT(*) FROM notice_person WHERE customer_id = $1", id).await?,
    })
}

/// What is held about whoever is signed in, in the words of `lang`; `None` if the account has gone.
///
/// # Errors
/// The database.
pub async fn holdings(shop: &Shop, who: &SignedIn, lang: Lang) -> Result<Option<DataView>, sqlx::Error> {
    let mut conn = shop.db.read().await?;
    let sql = "SELECT name IS NOT NULL FROM customer WHERE id = $1";
    let Some((named,)) = fetch_optional!(conn, (bool,), sql, who.customer.0).await? else { return Ok(None) };
    let counts = counts(&mut conn, shop, who.customer, named).await?;
    let export = export::newest(&mut conn, shop, who.customer).await?;
    Ok(Some(DataView { holdings: words(shop, lang, &counts), export }))
}

/// One kind of data. What stands in Japanese and in English is picked here.
fn holding(
    lang: Lang,
    what: (String, String),
    why: (&str, &str),
    until: (&str, &str),
    with: Option<(String, String)>,
) -> Holding {
    Holding {
        what: lang.pick(what.0, what.1),
        why: lang.pick(why.0, why.1).to_owned(),
        until: lang.pick(until.0, until.1).to_owned(),
        with: with.map(|(ja, en)| lang.pick(ja, en)).unwrap_or_default(),
    }
}

/// So many of something, in English.
fn many(count: i64, one: &str, more: &str) -> String {
    match count {
        0 => format!("no {more}"),
        1 => format!("1 {one}"),
        _ => format!("{count} {more}"),
    }
}

/// So many of something, in Japanese.
fn ken(what: &str, count: i64) -> String {
    if count == 0 { format!("{what}なし") } else { format!("{what}{count}件") }
}

fn words(shop: &Shop, lang: Lang, counts: &Counts) -> Vec<Holding> {
    let pair = |ja: String, en: String| (ja, en);
    let mut all = vec![holding(
        lang,
        if counts.named {
            pair(
                "アカウント：メールアドレス、お名前、パスワード（元に戻せない形）".to_owned(),
                "Account: e-mail address, name, password (in a form that cannot be turned back)".to_owned(),
            )
        } else {
            pair(
                "アカウント：メールアドレス、パスワード（元に戻せない形）".to_owned(),
                "Account: e-mail address, password (in a form that cannot be turned back)".to_owned(),
            )
        },
        ("ログインと、ご注文やアカウントについてのご連絡のため。", "So that you can sign in, and we can reach you."),
        (
            "消去をお求めになるまで。2年のあいだログインもご注文もなければ、予告のうえで消去します（お名前は1年）。",
            "Until you have it erased. Without a sign-in or an order for two years (for the name: one) we erase it, and tell you before.",
        ),
        None,
    )];
    if counts.orders > 0 {
        all.push(orders(shop, lang, counts));
    }
    all.extend(addresses(lang, counts));
    if counts.cart > 0 || counts.typed {
        let (lines, goods) = (counts.cart, many(counts.cart, "line", "lines"));
        all.push(holding(
            lang,
            match (counts.typed, lines) {
                (true, 0) => pair(
                    "カート：お手続きの途中で入力されたお届け先（商品はありません）".to_owned(),
                    "Cart: the address typed at the checkout (no goods)".to_owned(),
                ),
                (true, _) => pair(
                    format!("カート：商品{lines}点の記録と、お手続きの途中で入力されたお届け先"),
                    format!("Cart: {goods}, and the address typed at the checkout"),
                ),
                (false, _) => pair(format!("カート：商品{lines}点の記録"), format!("Cart: {goods}")),
            },
            ("お買い物の続きができるようにするため。", "So that you can go on shopping where you were."),
            (
                "お客様が削除されるまで。入力の途中のお届け先は最後の変更から90日、1年お使いがなければカートも消去します。",
                "Until you empty it. What was typed at the checkout goes 90 days after its last change, the cart after a year without use.",
            ),
            None,
        ));
    }
    let Counts { sessions, browsers, sign_ins, events, factors, .. } = *counts;
    all.push(holding(
        lang,
        pair(
            format!(
                "ログインの記録：{}、{}、{}、{}（日時、ログインの方法、ブラウザーの種類、途中までのIPアドレス）",
                ken("端末", sessions),
                ken("確認済みのブラウザー", browsers),
                ken("ログインとその試み", sign_ins),
                ken("アカウントのできごと", events)
            ),
            format!(
                "Sign-ins: {}, {}, {}, {} (time, by what, browser, IP address cut short)",
                many(sessions, "device", "devices"),
                many(browsers, "recognised browser", "recognised browsers"),
                many(sign_ins, "sign-in or try", "sign-ins and tries"),
                many(events, "event of the account", "events of the account")
            ),
        ),
        (
            "心当たりのないログインに、ご自身で気づけるようにするため。",
            "So that you can notice a sign-in that was not yours.",
        ),
        ("90日。", "90 days."),
        None,
    ));
    if factors > 0 {
        all.push(holding(
            lang,
            pair(
                format!("ログインの方法：パスキー、認証アプリ、復旧コードあわせて{factors}件"),
                format!("Ways to sign in: {factors} in all, of passkeys, an app and recovery codes"),
            ),
            ("パスワードだけでは入れないようにするため。", "So that a password alone lets nobody in."),
            ("お客様が解除されるまで。", "Until you remove them."),
            None,
        ));
    }
    all.extend(told(shop, lang, counts));
    all
}

/// Saved addresses, and the e-mail address that a change waits for or has left.
fn addresses(lang: Lang, counts: &Counts) -> Vec<Holding> {
    let Counts { addresses, other_emails, taken_back, .. } = *counts;
    let saved = (addresses > 0).then(|| {
        holding(
            lang,
            (
                format!("お届け先{addresses}件：お名前、フリガナ、ご住所、電話番号"),
                format!("{}: name, kana, address, phone", many(addresses, "saved address", "saved addresses")),
            ),
            ("次のご注文で選べるようにするため。", "So that you can choose them for your next order."),
            (
                "お客様が削除するまで。1年のあいだログインもご注文もなければ、予告のうえで消去します。",
                "Until you delete them, or after a year without a sign-in or an order; we tell you before.",
            ),
            None,
        )
    });
    let emails = many(other_emails, "e-mail address", "e-mail addresses");
    let other = (other_emails > 0).then(|| {
        holding(
            lang,
            match taken_back {
                0 => (
                    format!("変更前または変更手続き中のメールアドレス{other_emails}件"),
                    format!("{emails} that you have left or are changing to"),
                ),
                _ => (
                    format!("変更に関わるメールアドレス{other_emails}件（うち、取り消された変更のもの{taken_back}件）"),
                    format!(
                        "{emails} kept because of a change of address ({taken_back} of them after it was taken back)"
                    ),
                ),
            },
            (
                "変更を確かめ、ご本人でない方が変えたときに元に戻せるようにするため。",
                "To make sure of the change, and to put it back if it was not you.",
            ),
            ("変更またはその取り消しから7日。", "Seven days from the change, or from its being taken back."),
            None,
        )
    });
    saved.into_iter().chain(other).collect()
}

fn orders(shop: &Shop, lang: Lang, counts: &Counts) -> Holding {
    let Counts { orders, shipped, by_card, .. } = *counts;
    let mut with = (String::new(), String::new());
    if by_card > 0 {
        // The one provider there is, the test bank, works inside the shop.
        with.0 += &format!(
            "カード払い{by_card}件：金額と受付番号だけを、この店の中のテスト用の銀行へ。お名前やご住所は渡していません。"
        );
        with.1 += &format!(
            "Card, {}: amount and reference, to the test bank inside this shop; no name or address. ",
            many(by_card, "order", "orders")
        );
    }
    if shipped > 0 && shop.development {
        with.0 += &format!("発送{shipped}件：見本のお店のため、運送会社には渡していません。");
        let sent = many(shipped, "order", "orders");
        with.1 += &format!("Sent, {sent}: this is a sample shop, so no carrier has got anything.");
    } else if shipped > 0 {
        with.0 += &format!("発送{shipped}件：お名前、ご住所、電話番号を運送会社へ。");
        with.1 += &format!("Sent, {}: name, address and phone, to the carrier.", many(shipped, "order", "orders"));
    }
    holding(
        lang,
        (
            format!("ご注文{orders}件：お名前、フリガナ、ご住所、電話番号、メールアドレス、メッセージ、商品、金額"),
            format!("{}: name, kana, address, phone, e-mail, message, goods, sums", many(orders, "order", "orders")),
        ),
        (
            "商品をお届けし、ご連絡するため。商品と金額は、法令が求める帳簿のため。",
            "To deliver the goods and to reach you about them; goods and sums for the books that the law asks for.",
        ),
        (
            "お名前やご住所などは、消去をお求めになるまで（2年お使いがなければ予告のうえで）。番号、日付、商品、金額、消費税は、消費税法第58条と法人税法第126条により7年間、消去のあともお客様が分からない形で保存します。",
            "Who you are: until you have it erased, or after two years without use. Number, date, goods, sums and tax: seven years, by article 58 of the Consumption Tax Act and article 126 of the Corporation Tax Act; after an erasure without anything that says whose they were.",
        ),
        Some(with),
    )
}

/// What we have told the person, and what they have agreed to.
fn told(shop: &Shop, lang: Lang, counts: &Counts) -> Vec<Holding> {
    let Counts { mails, consents, notices, .. } = *counts;
    let mut all = Vec::new();
    if mails > 0 {
        let with = shop.outgoing().relay().is_some().then(|| {
            (
                "メールアドレスと本文を、当店が契約するメールサーバーへ。".to_owned(),
                "Address and text, to the mail server that this shop uses.".to_owned(),
            )
        });
        all.push(holding(
            lang,
            (
                format!("お送りしたメール{mails}通の番号、種類、日時"),
                format!("Number, kind and time of {} that we sent you", many(mails, "mail", "mails")),
            ),
            (
                "当店のメールかどうかを、番号で確かめられるようにするため。",
                "So that a mail can be checked by its number.",
            ),
            ("2年。サーバーに残る本文の控えは30日。", "Two years; a copy of the text on our server, 30 days."),
            with,
        ));
    }
    if consents > 0 {
        all.push(holding(
            lang,
            (
                format!("お便りへの同意と停止の記録{consents}件"),
                format!("{} of consent to the newsletter", many(consents, "entry", "entries")),
            ),
            ("同意をいただいたことの証しとして。", "As proof that you agreed."),
            (
                "アカウントの消去のあとも、お客様が分からない形で保存します（特定電子メール法第3条第2項）。",
                "Kept also after an erasure, without a name (Act on Regulation of Transmission of Specified Electronic Mail, article 3, paragraph 2).",
            ),
            None,
        ));
    }
    if notices > 0 {
        all.push(holding(
            lang,
            (
                format!("お客様に関わるお知らせ{notices}件と、お読みになった日時、済みにされた項目"),
                if notices == 1 {
                    "1 notice about you, when you read it and what you ticked off".to_owned()
                } else {
                    format!("{notices} notices about you, when you read them and what you ticked off")
                },
            ),
            ("起きたことを、お一人ずつにお伝えするため。", "To tell each person what happened to their data."),
            ("アカウントを消去するまで。", "As long as the account."),
            None,
        ));
    }
    all.push(holding(
        lang,
        (
            "お客様の情報を読んだ記録（台帳）：だれが、何のために、どの項目を".to_owned(),
            "The ledger of who read your data: who, what for, which fields".to_owned(),
        ),
        ("見られたことを、あとから隠せないようにするため。", "So that no reading can be hidden afterwards."),
        (
            "消しません。お名前などは入っておらず、アカウントの消去のあとは、だれについての記録か当店にも分かりません。",
            "It is never cut. There is no name in it, and after an erasure even we cannot tell whom it is about.",
        ),
        None,
    ));
    all
}

#[cfg(test)]
mod tests {
    use noren_domain::tax::TaxClass;

    use super::*;
    use crate::account::testing::{customer, ordered, proved};
    use crate::on_both_databases;
    use crate::testing::goods;

    #[test]
    fn one_is_one_two_are_two_and_none_is_none() {
        let said = [0, 1, 2].map(|count| (many(count, "order", "orders"), ken("端末", count)));
        let said = said.each_ref().map(|(en, ja)| (en.as_str(), ja.as_str()));
        assert_eq!(said, [("no orders", "端末なし"), ("1 order", "端末1件"), ("2 orders", "端末2件")]);
    }

    on_both_databases!(what_is_held_is_counted_in_words_that_people_would_use(shop) {
        goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
        let hers = customer(&shop, "hanako@example.jp").await;
        // A device whose session has run out is signed in no more.
        proved(&shop, hers).await;
        shop.clock.advance(31 * 24 * 60 * 60_000);
        let who = proved(&shop, hers).await;
        let words = async |lang: Lang| {
            let data = holdings(&shop, who.who(), lang).await.unwrap().unwrap();
            data.holdings.into_iter().map(|holding| format!("{} | {}", holding.what, holding.with)).collect::<Vec<_>>().join("\n")
        };
        let ja = words(Lang::Ja).await;
        assert!(ja.contains("端末1件、確認済みのブラウザーなし、") && !ja.contains("0件"), "{ja}");
        let en = words(Lang::En).await;
        assert!(en.contains("1 device, no recognised browsers, ") && !en.contains("(s)"), "{en}");
        for count in ["1 order:", "2 orders:"] {
            ordered(&shop, hers, "cash").await;
            let en = words(Lang::En).await;
            assert!(en.contains(count) && !en.contains("(s)"), "{en}");
        }
    });
}
