//! Mails about the change of an address. To the old mailbox they carry a link that stops it or takes it back, which
//! signs nobody in; to the new one nothing of the account but a code.

use noren_domain::Lang;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Draft;
use super::words::{About, Words, tell_nobody, text};
use crate::account;
use crate::account::email_change::{self, Row, Told, back_token};
use crate::account::events::check_phrase;
use crate::db::Conn;
use crate::mail::letter::time;
use crate::mail::{MailError, Part};
use crate::vault::{Asker, Field, For};
use crate::{Shop, fetch_optional};

/// What is told of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailMail {
    /// The code that proves the new mailbox, to it.
    NewCode,
    /// The code by which the old mailbox agrees, to it.
    OldCode,
    /// To the old mailbox: it was asked for.
    Asked,
    /// To the old mailbox: it takes effect in three days, without a code from there.
    Late,
    /// To the old mailbox: it is in effect.
    Changed,
    /// To the new mailbox: it was taken back.
    Over,
}

impl EmailMail {
    /// Those that are sent once for a change.
    pub const ALL: [Self; 4] = [Self::Asked, Self::Late, Self::Changed, Self::Over];

    /// The word for it in the key of its job, and for its preview.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NewCode => "new_code",
            Self::OldCode => "old_code",
            Self::Asked => "asked",
            Self::Late => "late",
            Self::Changed => "changed",
            Self::Over => "over",
        }
    }
}

/// Opens the address that somebody wants, as for the code to it, though its owner is told instead. Whoever wants it sees in
/// the ledger who opened their data: it must be the same whether or not the address has an account.
pub(super) async fn opened_alike(shop: &Shop, change: Uuid) -> Result<(), MailError> {
    let mut conn = shop.db.read().await?;
    let Some(Told { change: row, .. }) = email_change::told(&mut conn, change).await? else { return Ok(()) };
    // Once the code is over, the mail with it would be called off.
    let sql = "SELECT 1 FROM email_change WHERE id = $1 AND state = 'new' AND code_until > $2";
    if fetch_optional!(conn, (i32,), sql, change, shop.now()).await?.is_none() {
        return Ok(());
    }
    drop(conn);
    let about = super::AccountMail::EmailChange { change, what: EmailMail::NewCode }.about();
    let sealed = [(Field::Email, Some(&row.email))];
    match shop.vault.open(Asker::shop("outbox/mail"), For::Mail(about), row.customer_id, &sealed).await {
        // They are erased meanwhile: nobody is left to see.
        Err(error) if error.is_lost() => Ok(()),
        opened => Ok(opened.map(drop)?),
    }
}

/// To whom it goes, and what it says.
pub(super) async fn draft(conn: &mut Conn, shop: &Shop, change: Uuid, what: EmailMail) -> Result<Draft, MailError> {
    let told = email_change::told(conn, change).await?.ok_or(MailError::Gone)?;
    let Told { change: row, owner_email, owner_lang, phrase_no } = told;
    // The two addresses are exchanged when it takes effect, and again when it is taken back.
    let exchanged = row.state == "done";
    let to_new = matches!(what, EmailMail::NewCode | EmailMail::Over);
    let timely = match what {
        EmailMail::NewCode => row.state == "new",
        EmailMail::OldCode => row.state == "old",
        EmailMail::Late => row.state == "waiting",
        EmailMail::Changed => exchanged,
        EmailMail::Over => row.state == "reverted",
        // It says that nothing was changed yet; of what is done another mail tells.
        EmailMail::Asked => row.is_open(),
    };
    if !timely {
        return Err(MailError::Late);
    }
    // Whoever has the new mailbox waits at the page for its code, and is not known yet. All else is in the language of the
    // account: whoever has a session could have its owner warned in words that they do not know.
    let lang = Lang::from_tag(if what == EmailMail::NewCode { &row.lang } else { &owner_lang });
    let words = words(shop, &row, what, lang);
    // The phrase is the owner's: whoever has the new mailbox has not shown yet that it is theirs.
    let phrase = (!to_new).then(|| check_phrase(shop, row.customer(), phrase_no).words(lang));
    let email = if to_new == exchanged { owner_email } else { row.email };
    Ok(Draft { record: row.customer_id, email, lang, phrase, words })
}

fn words(shop: &Shop, row: &Row, what: EmailMail, lang: Lang) -> Words {
    let about = About { at: row.created_at, user_agent: &row.user_agent, network: &row.network };
    let token = back_token(shop, row.id);
    let url = format!("{}{}", shop.url, lang.path(&format!("/account/email/back/{}", token.secret())));
    let code = account::mail_code(shop, row.code_id);
    said(what, lang, &code, &about, url, row.due_at)
}

fn said(what: EmailMail, lang: Lang, code: &str, about: &About<'_>, url: String, due_at: i64) -> Words {
    let code = Part::Code(code.to_owned());
    match what {
        EmailMail::NewCode => new_code(lang, code),
        EmailMail::OldCode => old_code(lang, code, about, url),
        EmailMail::Asked => asked(lang, about, url),
        EmailMail::Late => late(lang, about, url, due_at),
        EmailMail::Changed => changed(lang, about, url, due_at),
        EmailMail::Over => over(lang),
    }
}

/// The way to the button that stops it.
fn stops(lang: Lang, url: String) -> Part {
    Part::Link {
        label: lang.pick("変更を止めるページへ", "To the page that stops the change").to_owned(), url
    }
}

/// What the page behind the link is not.
fn safe(lang: Lang) -> Part {
    text(
        lang,
        "上のページを開いても、ログインはされません。パスワードをお尋ねすることもありません。",
        "The page above signs nobody in and asks for no password.",
    )
}

/// Where else it is seen how the change stands.
fn state(lang: Lang) -> Part {
    text(
        lang,
        "変更の状況は、いつものように当店にログインして、「アカウントの安全」のページでもご確認いただけます。",
        "How the change stands can be seen on the page “Account security” too: sign in to our shop as usual.",
    )
}

fn new_code(lang: Lang, code: Part) -> Words {
    let hello = text(
        lang,
        "暖簾堂のアカウントのメールアドレスを、このアドレスに変更する手続きがありました。\n次の確認コードを、変更の画面に入力してください。コードは10分間有効です。",
        "Somebody asked to use this address for their account at Norendo.\nPlease type this code into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、このメールを破棄してください。このコードがなければ、アドレスは変わりません。",
        "If this was not you, you can ignore this mail: without the code nothing is changed.",
    );
    Words::new(
        lang.pick("新しいメールアドレスの確認コード", "Your code for the new address"),
        vec![hello, code, tell_nobody(lang), caution],
    )
}

fn old_code(lang: Lang, code: Part, about: &About<'_>, url: String) -> Words {
    let hello = text(
        lang,
        "お客様のアカウントのメールアドレスを、別のアドレスに変更する手続きが進んでいます。変更してよろしければ、次の確認コードを変更の画面に入力してください。コードは10分間有効です。",
        "The e-mail address of your account is about to be changed to another one. If that is what you want, please type this code into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、どなたかがお客様のアカウントにログインしているおそれがあります。次のページでボタンを押すと、変更を止め、すべての端末をログアウトします。今のパスワードは使えなくなりますので、そのあと「パスワードをお忘れの方」から新しいパスワードを設定してください。",
        "If you did not ask for it, somebody else may be signed in to your account. The button on this page stops the change and signs all devices out. Your present password will stop working; set a new one afterwards with “Forgot your password?”.",
    );
    Words::new(
        lang.pick("メールアドレス変更の確認コード", "Your code to change the address"),
        vec![hello, code, about.facts(lang), tell_nobody(lang), caution, stops(lang, url), safe(lang)],
    )
}

fn asked(lang: Lang, about: &About<'_>, url: String) -> Words {
    let body = text(
        lang,
        "お客様のアカウントのメールアドレスを変更する手続きがありました。アドレスはまだ変わっていません。ご本人であれば、何もする必要はありません。",
        "Somebody asked to change the e-mail address of your account. It has not been changed yet. If this was you, there is nothing you need to do.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、次のページでボタンを押してください。変更を止め、すべての端末をログアウトします。今のパスワードは使えなくなりますので、そのあと「パスワードをお忘れの方」から新しいパスワードを設定してください。変更されたあとも、7日間は同じページから元に戻せます。",
        "If it was not you, press the button on this page: it stops the change and signs all devices out. Your present password will stop working; set a new one afterwards with “Forgot your password?”. For seven days after a change the same page puts the address back.",
    );
    Words::new(
        lang.pick("メールアドレス変更の手続きがありました", "A change of your e-mail address was asked for"),
        vec![body, about.facts(lang), caution, stops(lang, url), safe(lang), state(lang)],
    )
}

fn late(lang: Lang, about: &About<'_>, url: String, due_at: i64) -> Words {
    let when = time(due_at, lang);
    let body = lang.pick(
        format!(
            "お客様のアカウントのメールアドレスを変更する手続きがあり、このメールボックスは見られなくなったとのお申し出がありました。{when}以降に、新しいアドレスに変わります。"
        ),
        format!(
            "Somebody asked to change the e-mail address of your account and said that this mailbox cannot be read any more. The address will be changed on {when} or shortly after."
        ),
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、それまでに次のページでボタンを押してください。変更を止め、すべての端末をログアウトします。今のパスワードは使えなくなりますので、そのあと「パスワードをお忘れの方」から新しいパスワードを設定してください。",
        "If you did not ask for it, press the button on this page before then: it stops the change and signs all devices out. Your present password will stop working; set a new one afterwards with “Forgot your password?”.",
    );
    Words::new(
        lang.pick("メールアドレスが3日後に変わります", "Your e-mail address will be changed in three days"),
        vec![Part::Text(body), about.facts(lang), caution, stops(lang, url), safe(lang), state(lang)],
    )
}

fn changed(lang: Lang, about: &About<'_>, url: String, due_at: i64) -> Words {
    let until = time(due_at, lang);
    let body = text(
        lang,
        "お客様のアカウントのメールアドレスが、新しいアドレスに変更されました。ほかの端末は、すべてログアウトしました。これからのお知らせは、新しいアドレスにお送りします。",
        "The e-mail address of your account was changed to a new one, and all other devices were signed out. From now on our mails go to the new address.",
    );
    let caution = lang.pick(
        format!(
            "お心当たりがない場合は、{until}までに、次のページでボタンを押してください。アドレスを元に戻し、すべての端末をログアウトします。今のパスワードは使えなくなりますので、そのあと「パスワードをお忘れの方」から新しいパスワードを設定してください。"
        ),
        format!(
            "If it was not you, press the button on this page by {until}: it puts this address back and signs all devices out. Your present password will stop working; set a new one afterwards with “Forgot your password?”."
        ),
    );
    let label = lang.pick("元のアドレスに戻すページへ", "To the page that puts the address back").to_owned();
    Words::new(
        lang.pick("メールアドレスが変更されました", "Your e-mail address was changed"),
        vec![body, about.facts(lang), Part::Text(caution), Part::Link { label, url }, safe(lang)],
    )
}

/// To a mailbox that the account is not reached by any more: it names nobody.
fn over(lang: Lang) -> Words {
    let body = text(
        lang,
        "このメールアドレスは、暖簾堂のアカウントから外されました。変更前のアドレスの持ち主の方から、変更を取り消す手続きがあったためです。\n\nご自身で変更され、取り消しにお心当たりがない場合は、下記までお問い合わせください。",
        "This address does not belong to an account at Norendo any more: the change to it was taken back by the owner of the address of before.\n\nIf you made the change yourself and know nothing of its being taken back, please write to the address below.",
    );
    Words::new(
        lang.pick("メールアドレスの変更が取り消されました", "The change to this address was taken back"),
        vec![body],
    )
}

/// To somebody whose address another customer wanted to change to.
pub(super) fn wanted(lang: Lang) -> Words {
    let body = text(
        lang,
        "このメールアドレスを、ほかのアカウントのアドレスにしようとした方がいます。\nこのアドレスはお客様のアカウントで使われていますので、何も変わっていません。\n\nご本人の場合は、いつものように当店を開き、このアドレスのアカウントでログインしてください。お心当たりがない場合、何もする必要はありません。",
        "Somebody tried to use this address for another account.\nIt is the address of your account, so nothing was changed.\n\nIf this was you, please open our shop as usual and sign in to the account with this address. If it was not, there is nothing you need to do.",
    );
    Words::new(lang.pick("このアドレスはすでにご登録があります", "This address has an account already"), vec![body])
}

/// To somebody who registers an address that was an account's until a few days ago: its owner, as a rule.
pub(super) fn held(lang: Lang) -> Words {
    let body = text(
        lang,
        "このメールアドレスで新しく登録しようとした方がいます。\nこのアドレスは最近まで登録されていたため、アドレスの変更を取り消せる7日の間は、新しくご登録いただけません。\n\nアドレスを変更した覚えがない場合は、当店からお送りした「メールアドレスが変更されました」というメールのページから、元に戻せます。ご自身で変更された場合は、新しいアドレスでログインしてください。",
        "Somebody tried to open a new account with this address.\nIt was the address of an account until a few days ago. For the seven days in which that change can be taken back, no new account can be opened with it.\n\nIf you did not change your address, our mail “Your e-mail address was changed” has a page that puts it back. If you did, please sign in with the new one.",
    );
    Words::new(
        lang.pick("このアドレスは、まだご登録いただけません", "This address cannot be registered yet"),
        vec![body],
    )
}

/// Each of them with made-up content, by its kind; for the previews.
pub(super) fn samples(shop: &Shop, lang: Lang, about: &About<'_>) -> Vec<(&'static str, Words)> {
    let url = format!("{}{}", shop.url, lang.path("/account/email/back/sample"));
    let sample = |what| {
        let life = if what == EmailMail::Late { email_change::PATIENCE } else { email_change::BACK_LIFE };
        said(what, lang, "12345678", about, url.clone(), about.at + life)
    };
    vec![
        ("email_change_new_code", sample(EmailMail::NewCode)),
        ("email_change_old_code", sample(EmailMail::OldCode)),
        ("email_change_notice", sample(EmailMail::Asked)),
        ("email_change_late", sample(EmailMail::Late)),
        ("email_change_done", sample(EmailMail::Changed)),
        ("email_change_over", sample(EmailMail::Over)),
        ("email_change_wanted", wanted(lang)),
        ("email_change_held", held(lang)),
    ]
}

#[cfg(test)]
mod tests;
