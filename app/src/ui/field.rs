//! Inputs with label, hint and fault, and the button that sends them.

use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::form::{Fault, Faults, Weakness};
use noren_domain::shipping::Day;

use crate::lang::use_lang;

/// The input's `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldKind {
    /// Plain text.
    #[default]
    Text,
    /// E-mail address.
    Email,
    /// Phone number.
    Tel,
    /// Password.
    Password,
    /// Digits (postal code, one-time code): text with a number pad.
    Digits,
}

/// One labelled input. It is uncontrolled: what is typed before the wasm wakes is never lost.
#[component]
pub fn Field(
    /// The `name`; the input's id is `f-{name}`.
    name: &'static str,
    /// The label above.
    label: &'static str,
    /// The faults of the form.
    faults: Signal<Faults>,
    /// What stands in it at first.
    #[prop(into, optional)]
    value: String,
    /// Kind of input.
    #[prop(optional)]
    kind: FieldKind,
    /// The hint below; empty: none.
    #[prop(optional)]
    hint: &'static str,
    /// The `autocomplete` token (WCAG 1.3.5); empty: none.
    #[prop(optional)]
    autocomplete: &'static str,
    /// May stay empty.
    #[prop(optional)]
    optional: bool,
    /// Most characters taken.
    #[prop(default = 200)]
    max: usize,
) -> impl IntoView {
    let lang = use_lang();
    let (kind, inputmode) = match kind {
        FieldKind::Text => ("text", None),
        FieldKind::Email => ("email", Some("email")),
        FieldKind::Tel => ("tel", Some("tel")),
        FieldKind::Password => ("password", None),
        FieldKind::Digits => ("text", Some("numeric")),
    };
    let spellcheck = (kind != "text").then_some("false");
    view! {
        <div class="field" class:field--fault=move || faults.read().get(name).is_some()>
            <label for=format!("f-{name}")>
                {label}
                {optional.then(|| view! { <span class="field__optional">{lang.pick("任意", "optional")}</span> })}
            </label>
            <input
                id=format!("f-{name}")
                name=name
                type=kind
                inputmode=inputmode
                value=value
                autocomplete=(!autocomplete.is_empty()).then_some(autocomplete)
                maxlength=max.to_string()
                spellcheck=spellcheck
                required=!optional
                aria-describedby=describedby(name, hint)
                aria-invalid=move || faults.read().get(name).map(|_| "true")
            />
            <FieldNotes name hint faults />
        </div>
    }
}

/// One labelled choice from a list.
#[component]
pub fn SelectField(
    /// The `name`; the select's id is `f-{name}`.
    name: &'static str,
    /// The label above.
    label: &'static str,
    /// The faults of the form.
    faults: Signal<Faults>,
    /// Value and words of each choice.
    options: Vec<(String, String)>,
    /// The value chosen at first.
    #[prop(into, optional)]
    value: String,
    /// The hint below; empty: none.
    #[prop(optional)]
    hint: &'static str,
    /// The `autocomplete` token; empty: none.
    #[prop(optional)]
    autocomplete: &'static str,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(key, words)| {
            let selected = key == value;
            view! { <option value=key selected=selected>{words}</option> }
        })
        .collect_view();
    view! {
        <div class="field" class:field--fault=move || faults.read().get(name).is_some()>
            <label for=format!("f-{name}")>{label}</label>
            <select
                id=format!("f-{name}")
                name=name
                autocomplete=(!autocomplete.is_empty()).then_some(autocomplete)
                aria-describedby=describedby(name, hint)
                aria-invalid=move || faults.read().get(name).map(|_| "true")
            >
                {options}
            </select>
            <FieldNotes name hint faults />
        </div>
    }
}

fn describedby(name: &str, hint: &str) -> String {
    if hint.is_empty() { format!("f-{name}-fault") } else { format!("f-{name}-hint f-{name}-fault") }
}

#[component]
fn FieldNotes(name: &'static str, hint: &'static str, faults: Signal<Faults>) -> impl IntoView {
    let lang = use_lang();
    view! {
        {(!hint.is_empty()).then(|| view! { <p class="field__hint" id=format!("f-{name}-hint")>{hint}</p> })}
        <p class="field__fault" id=format!("f-{name}-fault")>
            {move || faults.read().get(name).map(|fault| fault_words(lang, fault))}
        </p>
    }
}

/// The one button that sends a form; says so while it is under way, and takes no second press.
#[component]
pub fn SubmitButton(
    /// What it does, in words.
    #[prop(into)]
    label: String,
    /// Whether the form is under way.
    #[prop(into)]
    pending: Signal<bool>,
    /// Extra classes.
    #[prop(default = "button button--primary")]
    class: &'static str,
) -> impl IntoView {
    view! {
        <button type="submit" class=class aria-busy=move || pending.get().then_some("true") disabled=move || pending.get()>
            {label}
        </button>
    }
}

/// What is wrong and how to mend it, in the page's language.
pub fn fault_words(lang: Lang, fault: &Fault) -> String {
    let t = |ja: &str, en: &str| lang.pick(ja, en).to_owned();
    let day = |iso: &str| Day::from_iso(iso).map_or_else(|| iso.to_owned(), |day| day.show(lang));
    match fault {
        Fault::Required => t("入力してください。", "Please fill this in."),
        Fault::TooLong { max } => match lang {
            Lang::Ja => format!("{max}文字以内で入力してください。"),
            Lang::En => format!("Please use at most {max} characters."),
        },
        Fault::TooShort { min } => match lang {
            Lang::Ja => format!("{min}文字以上で入力してください。"),
            Lang::En => format!("Please use at least {min} characters."),
        },
        Fault::NotText => t(
            "使えない文字が含まれています。改行や特殊な記号を除いてください。",
            "This holds characters that cannot be used. Please remove line breaks and special marks.",
        ),
        Fault::Email => {
            t("「name@example.jp」の形で入力してください。", "Please enter an e-mail address such as name@example.jp.")
        }
        Fault::PostalCode => {
            t("7桁の数字で入力してください（例：1000005）。", "Please enter seven digits, such as 100-0005.")
        }
        Fault::PostalCodeUnknown => t(
            "この郵便番号と都道府県の組み合わせが見つかりません。どちらかをご確認ください。",
            "This postal code does not belong to the chosen prefecture. Please check both.",
        ),
        Fault::PostalCodeNotFound => t(
            "この郵便番号の住所は見つかりませんでした。番号をお確かめになるか、住所を下の欄に直接ご入力ください。",
            "We know no address for this code. Please check it, or type the address below.",
        ),
        Fault::Phone => t(
            "0から始まる10桁か11桁の数字で入力してください。",
            "Please enter a Japanese phone number: 10 or 11 digits, starting with 0.",
        ),
        Fault::Kana => t("カタカナかひらがなで入力してください。", "Please use katakana or hiragana."),
        Fault::Choice => t("選択肢からお選びください。", "Please choose one of the options."),
        Fault::OtherWord => t(
            "入力された言葉が違います。欄の説明にある言葉を、そのまま入力してください。",
            "That is another word. Please type the word that stands in the label, exactly as it is.",
        ),
        Fault::Quantity { min, max } => match lang {
            Lang::Ja => format!("数量は{min}から{max}までの整数で入力してください。"),
            Lang::En => format!("Please enter a whole number from {min} to {max}."),
        },
        Fault::Date { earliest, latest } => match lang {
            Lang::Ja => format!("お届け日は{}から{}までの間でお選びください。", day(earliest), day(latest)),
            Lang::En => format!("Please choose a delivery date from {} to {}.", day(earliest), day(latest)),
        },
        Fault::SameEmail => {
            t("このアドレスは、すでにこのアカウントのアドレスです。", "This is the address of your account already.")
        }
        Fault::Paused { hours } => match lang {
            Lang::Ja => {
                format!("メールアドレスを変更されて間もないため、安全上、このお手続きは{hours}時間後から行えます。")
            }
            Lang::En => format!(
                "Your e-mail address was changed only recently. To keep your account safe, this will be possible in {hours} hours."
            ),
        },
        Fault::Credentials => t(
            "メールアドレスとパスワードの組み合わせが違います。",
            "This e-mail address and password do not belong together.",
        ),
        Fault::WrongPassword => t(
            "パスワードが違います。もう一度入力してください。",
            "This is not the password of your account. Please try again.",
        ),
        Fault::Code => t(
            "コードが違います。いちばん新しいメールのコードをご確認のうえ、もう一度お試しください。",
            "The code is wrong. Please look it up in the newest mail and try again.",
        ),
        Fault::CodeOver => t(
            "このコードは、期限が切れたか、入力の回数が上限に達したため、もう使えません。お手数ですが、はじめからお手続きください。",
            "This code can no longer be used: its time is over, or it was tried too often. Please start again.",
        ),
        Fault::Passkey => t(
            "パスキーを確認できませんでした。もう一度お試しになるか、ほかの方法をお使いください。",
            "The passkey could not be verified. Please try again, or use another way.",
        ),
        Fault::PasskeysFull { max } => match lang {
            Lang::Ja => format!("パスキーは{max}個まで追加できます。使っていないものを削除してください。"),
            Lang::En => format!("An account has up to {max} passkeys. Please remove one that you do not use."),
        },
        Fault::AddressesFull { max } => match lang {
            Lang::Ja => format!("お届け先は{max}件まで保存できます。使っていないものを削除してください。"),
            Lang::En => format!("An account keeps up to {max} addresses. Please remove one that you do not use."),
        },
        Fault::AppCode => t(
            "コードが違うか、すでに使われています。認証アプリにいま表示されている6桁の数字を入力してください。",
            "The code is wrong or was used before. Please type the six digits that your app shows now.",
        ),
        Fault::RecoveryCode => t(
            "復旧コードが違うか、すでに使われています。お控えのコードをお確かめください。",
            "The recovery code is wrong or was used before. Please check the ones you kept.",
        ),
        Fault::WeakPassword { why } => weakness_words(lang, *why).to_owned(),
        Fault::TooMany { minutes } => match lang {
            Lang::Ja => format!(
                "お試しの回数が多いため、受け付けを止めています。{minutes}分ほどおいて、もう一度お試しください。"
            ),
            Lang::En => format!("There were too many tries. Please try again in about {minutes} minutes."),
        },
        Fault::Busy => t(
            "ただいまたいへん込み合っています。恐れ入りますが、1分ほどおいて、もう一度お試しください。",
            "We are very busy at the moment. Please try again in a minute.",
        ),
        Fault::Stock { available: 0 } => {
            t("申し訳ありません。ただいま在庫がありません。", "Sorry, this is sold out at the moment.")
        }
        Fault::Stock { available } => match lang {
            Lang::Ja => format!("申し訳ありません。在庫は残り{available}点です。"),
            Lang::En => format!("Sorry, only {available} left."),
        },
        Fault::CartFull { max } => match lang {
            Lang::Ja => format!(
                "カートに入れられる商品は{max}種類までです。先にご注文いただくか、カートの商品をいくつか取り除いてください。"
            ),
            Lang::En => {
                format!("A cart holds up to {max} different items. Please order first, or take some of them out.")
            }
        },
        Fault::Gone => t("この商品は販売を終えました。", "This product is no longer sold."),
        Fault::Changed => t(
            "ご覧になっている間に内容が変わりました。下の新しい内容をご確認ください。",
            "Something changed while you were looking. Please check the updated details below.",
        ),
        Fault::EmptyCart => t("カートに商品がありません。", "Your cart is empty."),
        Fault::StepMissing => t("前の手順の入力がまだのようです。", "An earlier step still needs to be filled in."),
        Fault::CashLimit { max } => match lang {
            Lang::Ja => format!(
                "代金引換は{}までのご注文でご利用いただけます。ほかのお支払い方法をお選びください。",
                noren_domain::Yen(*max).show(lang)
            ),
            Lang::En => format!(
                "Cash on delivery is offered up to {}. Please choose another way to pay.",
                noren_domain::Yen(*max).show(lang)
            ),
        },
        Fault::OpenTransfers { max, yen } => {
            let sum = noren_domain::Yen(*yen).show(lang);
            lang.pick(
                format!(
                    "お振り込み待ちのご注文は、一つのメールアドレスにつき{max}件、合わせて{sum}までです。先にお振り込みいただくか、ほかのお支払い方法をお選びください。"
                ),
                format!(
                    "Up to {max} orders, {sum} in all, can wait for a bank transfer with one e-mail address. Please pay for those that wait, or choose another way to pay."
                ),
            )
        }
        Fault::PaymentUnavailable => t(
            "決済会社につながりません。少しおいて、もう一度お試しください。代金は引き落とされていません。",
            "The payment provider cannot be reached. Please try again in a moment. Nothing was charged.",
        ),
        Fault::VaultUnavailable => t(
            "ただいま、お客様の情報をお預かりするシステムに接続できません。商品とカートは、そのままご利用いただけます。数分おいて、もう一度お試しください。",
            "The vault that keeps people's details does not answer just now. You can go on looking at goods, and your cart is kept. Please try again in a few minutes.",
        ),
        Fault::NotFound => t("見つかりませんでした。", "This could not be found."),
        Fault::SignIn => t("ログインが必要です。", "Please sign in first."),
        Fault::ProveFirst => {
            t("ご本人であることを、もう一度ご確認ください。", "Please confirm once more that it is you.")
        }
        Fault::SessionEnded => t(
            "ログアウトしています。もう一度ログインすると、続きから進めます。",
            "Your sign-in has ended. Please sign in again to go on where you were.",
        ),
        Fault::Unreadable => t(
            "送られた内容を読み取れませんでした。お手数ですが、もう一度入力してください。",
            "What was sent could not be read. Please enter it again.",
        ),
        Fault::Internal => t(
            "こちらの不具合で処理できませんでした。何も変わっていません。少しおいて、もう一度お試しください。",
            "Something went wrong on our side. Nothing was changed. Please try again in a moment.",
        ),
        Fault::NoAnswer => t(
            "サーバーからの応答がありませんでした。操作が済んでいる場合もありますので、ページを読み込みなおして、結果をご確認ください。",
            "No answer reached us. It may have been done all the same: please load the page again and look before you retry.",
        ),
    }
}

/// Why a password is easy to guess, and what would be better.
fn weakness_words(lang: Lang, why: Weakness) -> &'static str {
    match why {
        Weakness::Common => lang.pick(
            "よく使われているパスワードに似ています。ほかの方が選ばないような、関係のない言葉をいくつかつなげてください。",
            "Many people use this password or one like it. Please join several words that have nothing to do with each other.",
        ),
        Weakness::Leaked => lang.pick(
            "過去に、ほかのサービスから流出したことのあるパスワードです。どこにも使っていないものにしてください。",
            "This password was in a leak from another service. Please choose one that you use nowhere else.",
        ),
        Weakness::Pattern => lang.pick(
            "繰り返しや、文字・キーの並びは推測されやすいものです。関係のない言葉をいくつかつなげてください。",
            "Repetitions and rows of letters or keys are easy to guess. Please join several words instead.",
        ),
        Weakness::Words => lang.pick(
            "名前や日付、一つ二つの単語だけでは推測されやすいものです。関係のない言葉をもう二つほど足してください。",
            "Names, dates and a word or two are easy to guess. Please add two more words that have nothing to do with them.",
        ),
        Weakness::Own => lang.pick(
            "お客様のメールアドレスや当店の名前は推測されやすいものです。それらを使わずに、いくつかの言葉をつなげてください。",
            "Your e-mail address and the name of this shop are guessed first. Please join several words without them.",
        ),
    }
}
