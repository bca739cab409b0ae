//! The ledger's words as a customer reads them.

use noren_domain::{Lang, moment};
use noren_ledger::leaf::{Actor, Field, Fields, Kind, Outcome, Purpose};

pub fn about(lang: Lang) -> &'static str {
    lang.pick(
        "お名前やご住所などは暗号化して「金庫」に保管し、開くたびに、だれが・何のために・どの項目を読んだかを、書き換えれば必ず分かる台帳に記録しています。お客様ご自身の表示や当店からのメールの送信も含め、すべての記録です。",
        "Your name, address and the like are kept sealed by a vault. Each time it opens them it writes down who read what, and what for, in a ledger that nobody can change unseen. These are all of its entries, your own visits and the mails we sent you among them.",
    )
}

pub fn away(lang: Lang) -> &'static str {
    lang.pick(
        "ただいま台帳を表示できません。数分おいて、もう一度お試しください。",
        "The ledger cannot be shown just now. Please try again in a few minutes.",
    )
}

pub fn unreadable(lang: Lang) -> &'static str {
    lang.pick(
        "台帳の記録を読み取れませんでした。お手数ですが、当店へお知らせください。",
        "The ledger's entries cannot be read. Please tell us.",
    )
}

/// In the words of [`actor`]: whoever runs the server is one of the staff, here as in the mail that says so.
pub fn by_people(lang: Lang, times: u32) -> String {
    match (times, lang) {
        (0, Lang::Ja) => "当店の従業員がお客様の情報を開いた記録はありません。".to_owned(),
        (0, Lang::En) => "No member of our staff has opened your data.".to_owned(),
        (n, Lang::Ja) => format!("当店の従業員がお客様の情報を開いた記録が{n}件あります。"),
        (1, Lang::En) => "A member of our staff has opened your data once.".to_owned(),
        (n, Lang::En) => format!("Members of our staff have opened your data {n} times."),
    }
}

pub fn more(lang: Lang, lines: usize) -> String {
    lang.pick(
        format!("ほかに{lines}件あります。ダウンロードした証明にすべて入っています。"),
        format!("There are {lines} older ones; the proof that you can download holds them all."),
    )
}

pub fn yourself(lang: Lang) -> &'static str {
    lang.pick(
        "証明は、公開されている形式（C2SP tlog-proof）のファイルです。当店を信用しなくても、次のコマンドで、記録がこれですべてであることを確かめられます。鍵を控えておけば、鍵がすり替えられていないことも分かります。",
        "The proof is a file in a public format (C2SP tlog-proof). With this command you can check that these are all the entries without having to trust us. Keep a note of the key, and you will also see that it was not exchanged.",
    )
}

pub fn unchecked(lang: Lang) -> &'static str {
    lang.pick(
        "このブラウザーではまだ確かめていません。下の「自分で確かめる」から証明をダウンロードして確かめることもできます。",
        "Not checked in this browser yet. You can also download the proof below and check it yourself.",
    )
}

pub fn restored(lang: Lang, until: i64) -> String {
    let until = moment::date_time(until, lang);
    lang.pick(
        format!("この台帳はバックアップから復元されました。{until}から復元までの間の記録は失われており、その間にお客様の情報が読まれたかどうかは分かりません。"),
        format!("This ledger was restored from a backup. What was written in it after {until} and before that is lost, so whether anything of yours was read in between is not known."),
    )
}

/// Of the ledger of now, and of one of before a restore. As a table: see [`OPENED`].
const DOWNLOAD: [(&str, &str); 2] = [
    ("証明をダウンロード", "Download the proof"),
    ("復元前の証明をダウンロード", "Download the proof from before the restore"),
];

pub fn download(lang: Lang, of_now: bool) -> &'static str {
    let (ja, en) = DOWNLOAD[usize::from(!of_now)];
    lang.pick(ja, en)
}

/// `earlier`: how many entries of ledgers of before a restore were verified as well.
pub fn checked(lang: Lang, size: u64, leaves: usize, as_of: i64, earlier: usize) -> String {
    let when = moment::date_time(as_of, lang);
    let more = match earlier {
        0 => String::new(),
        earlier => lang.pick(
            format!("復元前の台帳の{earlier}件も検証しました。"),
            format!(" The {earlier} from before the restore are verified as well."),
        ),
    };
    let said = lang.pick(
        format!("確認済み ✓ {when}まで：台帳の記録{size}件のうち、お客様に関わるものはこの{leaves}件ですべてです（このブラウザーで検証しました）。"),
        format!("Verified ✓ up to {when}: of the ledger's {size} entries, these {leaves} are all that concern you (checked in this browser)."),
    );
    said + &more
}

pub fn wrong(lang: Lang, fault: &str) -> String {
    lang.pick(
        format!("検証できませんでした ✗ 記録が欠けているか、書き換えられているおそれがあります（{fault}）。証明をダウンロードして保管のうえ、当店または第三者にご相談ください。"),
        format!("Not verified ✗ Entries may be missing or changed ({fault}). Please download and keep the proof, and tell us or somebody you trust."),
    )
}

pub fn times(lang: Lang, times: u32) -> String {
    lang.pick(format!("この日に{times}回"), format!("{times} times that day"))
}

pub fn deed(lang: Lang, kind: Kind, purpose: Option<Purpose>) -> &'static str {
    match kind {
        Kind::Open => purpose.map_or(lang.pick("読み出し", "Opened"), |purpose| opened(lang, purpose)),
        Kind::Seal => lang.pick("暗号化して保存", "Sealed and saved"),
        Kind::Shred => lang.pick("鍵を破棄して消去", "Erased: the key was destroyed"),
        Kind::Prove => lang.pick("この一覧の表示", "This list was asked for"),
        Kind::Alarm => lang.pick("異常の記録", "An alarm"),
        _ => lang.pick("金庫の管理", "Upkeep of the vault"),
    }
}

/// In the order of [`Purpose::ALL`]. As a table and not as a match: the compiler would make tables of its own, with
/// which the tool that parts the wasm leaves all texts of the shop in the first file.
const OPENED: [(&str, &str); 10] = [
    ("お客様あてのメールの送信", "To send you a mail"),
    ("商品の発送", "To send you a parcel"),
    ("ご注文内容の表示", "To show an order"),
    ("お問い合わせへの対応", "To answer a question"),
    ("アカウントの表示", "To show your account"),
    ("ログイン", "To sign in"),
    ("データの書き出し", "To export data"),
    ("漏えいなどのお知らせ", "To notify you of an incident"),
    ("漏えいの監視", "To watch for leaks"),
    ("ご注文手続き", "At the checkout"),
];

fn opened(lang: Lang, purpose: Purpose) -> &'static str {
    let place = usize::from(purpose.code()).saturating_sub(1);
    OPENED.get(place).map_or("", |(ja, en)| lang.pick(ja, en))
}

pub fn actor(lang: Lang, actor: Actor, kind: Kind) -> &'static str {
    match actor {
        Actor::Vault => lang.pick("金庫", "The vault"),
        Actor::Shop => lang.pick("当店のシステム（自動）", "The shop's own jobs"),
        Actor::Guest if kind == Kind::Seal => lang.pick("ご入力", "Entered by you"),
        Actor::Guest => lang.pick(
            "ログインしていない方（注文ページのURLやカートをお持ちの方）",
            "Somebody not signed in, who held the order's link or the cart",
        ),
        Actor::Customer => lang.pick("お客様のアカウント（ログイン中）", "Your account, signed in"),
        Actor::Staff => lang.pick("当店の従業員", "A member of our staff"),
        Actor::Operator => lang.pick("当店の従業員（サーバー管理者）", "A member of our staff (server administrator)"),
        Actor::Stranger => lang.pick("当店のものではないプログラム", "A program that is none of ours"),
    }
}

pub fn refused(lang: Lang, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::OverBudget => lang.pick("拒否（上限超過）", "Refused: too many"),
        Outcome::Damaged => lang.pick("開けませんでした", "Did not open"),
        _ => lang.pick("拒否", "Refused"),
    }
}

/// The parts of an address are told as one.
pub fn fields(lang: Lang, fields: Fields) -> String {
    let mut names: Vec<&str> = Vec::new();
    for field in fields.iter() {
        let name = match field {
            Field::Email => lang.pick("メールアドレス", "e-mail address"),
            Field::Name => lang.pick("お名前", "name"),
            Field::Kana => lang.pick("フリガナ", "name in kana"),
            Field::PostalCode | Field::City | Field::Street | Field::Building => lang.pick("ご住所", "address"),
            Field::Phone => lang.pick("電話番号", "phone number"),
            Field::GiftMessage => lang.pick("ギフトのメッセージ", "gift message"),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(lang.pick("、", ", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_ledger_has_words_for_people() {
        for lang in [Lang::Ja, Lang::En] {
            for kind in Kind::ALL {
                assert!(!deed(lang, *kind, None).is_empty());
                assert!(Actor::ALL.iter().all(|who| !actor(lang, *who, *kind).is_empty()));
            }
            assert!(Purpose::ALL.iter().all(|purpose| !opened(lang, *purpose).is_empty()));
        }
        for who in [Actor::Staff, Actor::Operator] {
            let listed = [Lang::Ja, Lang::En].map(|lang| actor(lang, who, Kind::Open));
            assert!(by_people(Lang::Ja, 2).contains("当店の従業員") && listed[0].contains("当店の従業員"));
            assert!(
                by_people(Lang::En, 1).starts_with("A member of our staff")
                    && listed[1].contains("member of our staff")
            );
        }
        assert_eq!(fields(Lang::En, Fields::of(&[Field::Name, Field::City, Field::Street])), "name, address");
        assert_eq!(fields(Lang::Ja, Fields::of(&[Field::Email, Field::Phone])), "メールアドレス、電話番号");
    }
}
