//! What the mails say about an account that is not used, and about one that was erased.

use noren_domain::account::{Erasure, ErasureCause, KeptOrder, OpenReason};
use noren_domain::seller::MAIL;
use noren_domain::{Lang, moment};

use super::DormantStep;
use super::words::Words;
use crate::mail::Part;
use crate::mail::letter::time;

fn text(lang: Lang, ja: String, en: String) -> Part {
    Part::Text(lang.pick(ja, en))
}

/// About an account that is not used; `day` is when something happens.
pub(super) fn dormant(lang: Lang, step: DormantStep, day: i64) -> Words {
    let day = moment::date(day, lang);
    let goes = text(
        lang,
        "このとき消去するのは、お名前、登録されたお届け先、カートの中身、ログインした端末とログインの記録、そして1年より前に終わったご注文の電話番号・フリガナ・メッセージです。メールアドレス、パスワードやパスキーなどのログインの方法、ご注文の記録はそのまま残ります。".to_owned(),
        "What goes then: your name, saved addresses, your cart, the devices and the record of your sign-ins, and phone number, kana and message of finished orders older than a year. Your e-mail address, your ways to sign in and your orders stay.".to_owned(),
    );
    let keep = text(
        lang,
        "このままお使いになる場合は、いつものように当店を開き、一度ログインしてください。それだけで、この予定は取り消されます。このメールには、ログインのためのリンクはありません。".to_owned(),
        "If you would like to keep everything, open our shop as usual and sign in once: that is all it takes. This mail holds no link to sign in.".to_owned(),
    );
    let (subject, parts) = match step {
        DormantStep::BeforeReducing => (
            lang.pick(
                "お使いでない情報を消去する予定です",
                "We are about to erase data that you do not use",
            ),
            vec![
                text(
                    lang,
                    format!("11か月のあいだ、ログインもご注文もありませんでした。お預かりする情報を少なくするため、{day}以降に、お使いでない情報を消去します。"),
                    format!("For eleven months you have neither signed in nor ordered. So that we hold no more than is needed, we erase what is not used on {day} or soon after."),
                ),
                goes,
                keep,
            ],
        ),
        DormantStep::Reduced => (
            lang.pick("お使いでない情報を消去しました", "We have erased data that you did not use"),
            vec![
                text(
                    lang,
                    "1年のあいだログインもご注文もありませんでしたので、お知らせしたとおり、お名前、登録されたお届け先、カートの中身、ログインした端末とログインの記録、1年より前に終わったご注文の電話番号・フリガナ・メッセージを消去しました。".to_owned(),
                    "As you neither signed in nor ordered for a year, we have erased what we had named: your name, saved addresses, your cart, the devices and the record of your sign-ins, and phone number, kana and message of finished orders older than a year.".to_owned(),
                ),
                text(
                    lang,
                    "アカウントはこれまでどおりお使いいただけます。次にパスワードでログインされるときは、認証アプリのコードを、アプリを設定されていない場合はメールでお送りする確認コードを、あわせてお尋ねします。パスキーでのログインには、コードは必要ありません。ログインがないまま2年たつと、アカウントも消去します。その前に、あらためてお知らせします。".to_owned(),
                    "Your account is still there. When you next sign in with your password, we ask for the code of your authenticator app as well, or, if you have not set one up, for a code that we send you by mail. A passkey needs no code. After two years without a sign-in the account goes as well, and we tell you before.".to_owned(),
                ),
            ],
        ),
        DormantStep::BeforeErasing | DormantStep::LastCall => (
            match step {
                DormantStep::LastCall => lang.pick("まもなくアカウントを消去します", "Your account is about to be erased"),
                _ => lang.pick("アカウントを消去する予定です", "We plan to erase your account"),
            },
            vec![
                match step {
                    DormantStep::LastCall => text(
                        lang,
                        format!("これが、消去の前の最後のお知らせです。以前にもお知らせしましたが、その後もログインやご注文がありませんでした。{day}以降に、お客様のアカウントと、お預かりしている情報を消去します。消去したものは、当店にも元に戻せません。"),
                        format!("This is our last notice before we erase. We told you earlier, and since then you have neither signed in nor ordered. On {day} or soon after we erase your account and the data we hold about you. What is erased cannot be brought back, not even by us."),
                    ),
                    _ => text(
                        lang,
                        format!("2年近く、ログインもご注文もありませんでした。{day}以降に、お客様のアカウントと、お預かりしている情報を消去します。消去したものは、当店にも元に戻せません。"),
                        format!("For almost two years you have neither signed in nor ordered. On {day} or soon after we erase your account and the data we hold about you. What is erased cannot be brought back, not even by us."),
                    ),
                },
                text(
                    lang,
                    "ご注文の金額や商品などの帳簿は、法令により、お客様のお名前などを除いた形で7年間保存します。".to_owned(),
                    "The books of your orders, sums and goods without your name, stay for seven years, as the law asks.".to_owned(),
                ),
                keep,
            ],
        ),
    };
    Words { subject: subject.to_owned(), parts }
}

/// The statement of an erasure.
pub(super) fn erased(lang: Lang, erasure: &Erasure) -> Words {
    // An order that is not finished keeps its shopper until it is.
    let order = erasure.order.as_deref().unwrap_or_default();
    let later = erasure.kept.iter().any(|kept| kept.no == order);
    let subject = match erasure.cause {
        ErasureCause::Order if later => lang.pick(
            "ご注文のお名前とご住所を、ご注文が終わりしだい消去します",
            "Your name and address will be erased from your order",
        ),
        ErasureCause::Order => {
            lang.pick("ご注文のお名前とご住所を消去しました", "Your name and address are erased from your order")
        }
        ErasureCause::Asked | ErasureCause::Letter | ErasureCause::Dormant => {
            lang.pick("アカウントを消去しました", "Your account is erased")
        }
    };
    let why = match erasure.cause {
        ErasureCause::Asked | ErasureCause::Letter => text(
            lang,
            "ご依頼により、お客様のアカウントと、お預かりしていた情報を、下に挙げるものを除いて消去しました。当店からこのアドレスへのアカウントについてのメールは、これが最後です。".to_owned(),
            "As you asked, we have erased your account and the data we held about you, except for what is named below. This is our last mail to this address about your account.".to_owned(),
        ),
        ErasureCause::Dormant => text(
            lang,
            "2年のあいだログインもご注文もありませんでしたので、お知らせしたとおり、お客様のアカウントと、お預かりしていた情報を、下に挙げるものを除いて消去しました。当店からこのアドレスへのアカウントについてのメールは、これが最後です。".to_owned(),
            "As you neither signed in nor ordered for two years, we have erased your account and the data we held about you, as we had told you, except for what is named below. This is our last mail to this address about your account.".to_owned(),
        ),
        ErasureCause::Order if later => text(
            lang,
            format!("ご依頼により、ご注文 {order} から、お客様が分かる情報を、ご注文が終わりしだい消去します。"),
            format!("As you asked, we erase from your order {order} everything that says whose it is, as soon as it is finished."),
        ),
        ErasureCause::Order => text(
            lang,
            format!("ご依頼により、ご注文 {order} から、お客様が分かる情報を消去しました。"),
            format!("As you asked, we have erased from your order {order} everything that says whose it is."),
        ),
    };
    let when = if later { lang.pick("受付日時", "Asked on") } else { lang.pick("消去の日時", "Erased on") };
    let facts = Part::Facts(vec![
        (lang.pick("受付番号", "Number").to_owned(), erasure.no.clone()),
        (when.to_owned(), time(erasure.at, lang)),
    ]);
    let mut parts = vec![why, facts];
    if erasure.cause != ErasureCause::Dormant {
        parts.push(text(
            lang,
            format!("ご依頼にお心当たりがない場合は、受付番号を添えて、{MAIL} までご連絡ください。ただし、消去したものは、当店にも元に戻せません。"),
            format!("If you did not ask for it, write to {MAIL} with the number above. What is erased cannot be brought back, though, not even by us."),
        ));
    }
    parts.extend(gone(lang, erasure));
    parts.push(Part::Heading(lang.pick("法令により残すもの", "What the law has us keep").to_owned()));
    parts.push(text(
        lang,
        "ご注文の番号、日付、商品、金額、消費税、入金の記録です。お客様が分かる情報は含みません。消費税法第58条と法人税法第126条により、7年間保存します。".to_owned(),
        "Number, date, goods, sums, tax and payments of your orders, with nothing that says whose they were: seven years, by article 58 of the Consumption Tax Act and article 126 of the Corporation Tax Act.".to_owned(),
    ));
    if erasure.consents > 0 {
        parts.push(text(
            lang,
            "お便りに同意された日時と取りやめられた日時の記録も、お客様が分からない形で残します（特定電子メール法第3条第2項）。".to_owned(),
            "That somebody agreed to the newsletter and ended it, with the times and without a name (Act on Regulation of Transmission of Specified Electronic Mail, article 3, paragraph 2).".to_owned(),
        ));
    }
    if !erasure.kept.is_empty() {
        parts.push(Part::Heading(lang.pick("終わるまで残すご注文", "Orders that are not finished").to_owned()));
        parts.push(text(
            lang,
            "次のご注文は、お届けやご返金のために、お名前やご住所を残しています。終わりしだい自動的に消去します。"
                .to_owned(),
            "These orders keep name and address until they are delivered or paid back. Then they are erased automatically."
                .to_owned(),
        ));
        parts.push(Part::Facts(
            erasure.kept.iter().map(|kept| (kept.no.clone(), kept.waits.words(lang).to_owned())).collect(),
        ));
    }
    Words { subject: subject.to_owned(), parts }
}

/// What was erased, and when the keys go.
fn gone(lang: Lang, erasure: &Erasure) -> Vec<Part> {
    let finished = match erasure.finished {
        0 => None,
        1 => Some(lang.pick("終わったご注文1件".to_owned(), "1 finished order".to_owned())),
        more => Some(lang.pick(format!("終わったご注文{more}件"), format!("{more} finished orders"))),
    };
    let of_orders = finished.map(|orders| {
        lang.pick(
            format!("{orders}のお名前・ご住所・電話番号・メールアドレス・メッセージ"),
            format!("name, address, phone, e-mail and message of {orders}"),
        )
    });
    let what = match (erasure.cause, of_orders) {
        (ErasureCause::Order, None) => None,
        (ErasureCause::Order, Some(orders)) => Some(lang.pick(format!("{orders}です。"), format!("The {orders}."))),
        (_, orders) => {
            let orders =
                orders.map(|orders| lang.pick(format!("、{orders}"), format!("; {orders}"))).unwrap_or_default();
            Some(lang.pick(
                format!("アカウント（メールアドレス、お名前、パスワードなどのログインの方法）、保存なさったお届け先、ログインした端末と記録、カート、お便りの設定、お知らせの記録{orders}です。"),
                format!("Your account (e-mail address, name, password and other ways to sign in), saved addresses, devices and sign-ins, your cart, the newsletter, notices about you{orders}."),
            ))
        }
    };
    let mut parts = Vec::new();
    if let Some(what) = what {
        parts.push(Part::Heading(lang.pick("消去したもの", "What is gone").to_owned()));
        parts.push(Part::Text(what));
    }
    parts.push(if erasure.cause == ErasureCause::Order {
        text(
            lang,
            "暗号化に使っていた鍵を破棄するため、データベースの控えに残った分も読めなくなります。このアドレスの鍵は、このメールを送信したあとに（送信できない場合も7日のうちに）、終わっていないご注文があるときはそれが終わったあとに破棄します。".to_owned(),
            "The key that all this was sealed with is destroyed, so copies of the database cannot be read either: once this mail has been sent, within seven days even if it cannot be, and where an order is not finished, as soon as it is.".to_owned(),
        )
    } else {
        text(
            lang,
            "暗号化に使っていた鍵を破棄するため、データベースの控えに残った分も読めなくなります。このアドレスの鍵は、このメールを送信したあとに（送信できない場合も7日のうちに）破棄します。".to_owned(),
            "The keys that all this was sealed with are destroyed, so copies of the database cannot be read either. The key of this address goes once this mail has been sent, and within seven days even if it cannot be.".to_owned(),
        )
    });
    parts
}

/// Each of these mails with made-up content.
pub(super) fn samples(lang: Lang, at: i64) -> Vec<(&'static str, Words)> {
    let kept = vec![KeptOrder { no: "N-ABCD-2345".to_owned(), waits: OpenReason::OnTheWay }];
    let account = Erasure {
        no: "E-ABCD-2345".to_owned(),
        at,
        cause: ErasureCause::Asked,
        finished: 3,
        kept,
        consents: 2,
        order: None,
    };
    let order = Erasure {
        cause: ErasureCause::Order,
        finished: 1,
        kept: Vec::new(),
        consents: 0,
        order: Some("N-ABCD-2345".to_owned()),
        ..account.clone()
    };
    let waits = Erasure { finished: 0, kept: account.kept.clone(), ..order.clone() };
    let mut samples = vec![
        ("erased", erased(lang, &account)),
        ("erased_order", erased(lang, &order)),
        ("erased_order_later", erased(lang, &waits)),
    ];
    samples.extend(DormantStep::ALL.map(|step| (step.word(), dormant(lang, step, at))));
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lang: Lang, step: DormantStep) -> String {
        let said = dormant(lang, step, 0).parts.into_iter().map(|part| match part {
            Part::Text(text) => text,
            _ => String::new(),
        });
        said.collect()
    }

    #[test]
    fn whoever_was_reduced_reads_what_the_next_sign_in_asks_of_those_with_an_app_a_passkey_or_neither() {
        for (lang, asked) in [
            (
                Lang::Ja,
                [
                    "認証アプリのコード",
                    "アプリを設定されていない場合はメールでお送りする確認コード",
                    "パスキーでのログインには、コードは必要ありません",
                ],
            ),
            (
                Lang::En,
                [
                    "the code of your authenticator app",
                    "if you have not set one up, for a code that we send you by mail",
                    "A passkey needs no code",
                ],
            ),
        ] {
            let said = said(lang, DormantStep::Reduced);
            assert!(asked.iter().all(|asked| said.contains(asked)), "{said}");
        }
    }

    #[test]
    fn the_last_notice_before_an_erasure_alone_says_that_it_is_the_last() {
        for (lang, last) in [(Lang::Ja, "最後のお知らせです"), (Lang::En, "our last notice")] {
            let says = DormantStep::ALL.map(|step| said(lang, step).contains(last));
            assert_eq!(says, DormantStep::ALL.map(|step| step == DormantStep::LastCall));
        }
    }
}
