//! What the mails about accounts say. Those about security carry no link to sign in: people who are used to such
//! links follow false ones.

use noren_domain::account::{AccountEvent, Browser};
use noren_domain::{Lang, moment};

use crate::mail::Part;

/// Subject and body of a mail.
pub(super) struct Words {
    pub subject: String,
    pub parts: Vec<Part>,
}

impl Words {
    pub(super) fn new(subject: &str, parts: Vec<Part>) -> Self {
        Self { subject: subject.to_owned(), parts }
    }
}

/// When and from where something was done.
pub(super) struct About<'a> {
    /// UTC milliseconds.
    pub at: i64,
    pub user_agent: &'a str,
    pub network: &'a str,
}

impl About<'_> {
    pub(super) fn facts(&self, lang: Lang) -> Part {
        let when = (lang.pick("日時", "When").to_owned(), moment::date_time(self.at, lang));
        // What the shop's own people did came from no browser.
        if self.user_agent.is_empty() && self.network.is_empty() {
            return Part::Facts(vec![when]);
        }
        let network = if self.network.is_empty() { lang.pick("不明", "unknown") } else { self.network };
        Part::Facts(vec![
            when,
            (lang.pick("ブラウザー", "Browser").to_owned(), Browser::of(self.user_agent).words(lang)),
            (lang.pick("接続元", "Network").to_owned(), network.to_owned()),
        ])
    }
}

pub(super) fn text(lang: Lang, ja: &str, en: &str) -> Part {
    Part::Text(lang.pick(ja, en).to_owned())
}

/// Where to look, without a link.
pub(super) fn look_yourself(lang: Lang) -> Part {
    text(
        lang,
        "お心当たりがない場合は、いつものように当店を開き、「アカウントの安全」のページをご確認ください。パスワードの変更や、ほかの端末のログアウトも、そちらからできます。このメールには、ログインのためのリンクはありません。",
        "If this was not you, open our shop as usual and look at the page “Account security”. There you can also set a new password and sign other devices out. This mail holds no link to sign in.",
    )
}

/// Nobody who works here asks for a code.
pub(super) fn tell_nobody(lang: Lang) -> Part {
    text(
        lang,
        "このコードは、ほかの人に教えないでください。当店の者が電話やメールでコードをお尋ねすることは、決してありません。",
        "Please tell this code to nobody. We never ask for it, neither on the phone nor by mail.",
    )
}

pub(super) fn registration_code(lang: Lang, code: &str) -> Words {
    let hello = text(
        lang,
        "暖簾堂へのご登録ありがとうございます。\n次の確認コードを、登録の画面に入力してください。",
        "Thank you for registering with Norendo.\nPlease type this code into the page that asked for it.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、このメールを破棄してください。登録は完了しません。",
        "If this was not you, you can ignore this mail: no account is opened without the code.",
    );
    Words::new(
        lang.pick("確認コードのお知らせ", "Your confirmation code"),
        vec![hello, Part::Code(code.to_owned()), caution],
    )
}

pub(super) fn already_registered(lang: Lang) -> Words {
    let body = text(
        lang,
        "このメールアドレスで新しく登録しようとした方がいます。\nこのアドレスはすでに登録されていますので、新しいアカウントは作られていません。\n\nご本人の場合は、いつものように当店を開いてログインしてください。お心当たりがない場合、何もする必要はありません。",
        "Somebody tried to open a new account with this address.\nIt has one already, so no new account was opened.\n\nIf this was you, please open our shop as usual and sign in. If it was not, there is nothing you need to do.",
    );
    Words::new(lang.pick("すでにご登録があります", "You already have an account"), vec![body])
}

/// After the right password, in a browser that its owner is not known by.
pub(super) fn second_step_code(lang: Lang, code: &str, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "これまでに使われたことのない端末から、正しいパスワードでログインの操作がありました。ご本人であれば、次の確認コードをログインの画面に入力してください。コードは10分間有効です。",
        "Somebody entered your password on a device that you have not used before. If it was you, please type this code into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、お客様のパスワードが他人に知られている可能性があります。このコードがなければログインはできませんが、いつものように当店を開き、「アカウントの安全」のページでパスワードを変更してください。",
        "If it was not you, somebody else may know your password. Without this code they cannot get in, but please open our shop as usual and set a new password on the page “Account security”.",
    );
    Words::new(
        lang.pick("ログインの確認コード", "Your sign-in code"),
        vec![hello, Part::Code(code.to_owned()), about.facts(lang), tell_nobody(lang), caution],
    )
}

/// Instead of a password.
pub(super) fn sign_in_code(lang: Lang, code: &str, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "ログインの確認コードをお送りします。ログインの画面に入力してください。コードは10分間有効です。",
        "Here is the code to sign in with. Please type it into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合、何もする必要はありません。このコードがなければ、ログインはできません。",
        "If you did not ask for it, there is nothing you need to do: nobody gets in without the code.",
    );
    Words::new(
        lang.pick("ログインの確認コード", "Your sign-in code"),
        vec![hello, Part::Code(code.to_owned()), about.facts(lang), tell_nobody(lang), caution],
    )
}

pub(super) fn reset_code(lang: Lang, code: &str, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "パスワードを設定しなおすための確認コードをお送りします。新しいパスワードの画面に入力してください。コードは10分間有効です。",
        "Here is the code to set a new password with. Please type it into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合、何もする必要はありません。パスワードは変わっていません。",
        "If you did not ask for it, there is nothing you need to do: your password has not changed.",
    );
    Words::new(
        lang.pick("パスワード再設定の確認コード", "Your code for a new password"),
        vec![hello, Part::Code(code.to_owned()), about.facts(lang), tell_nobody(lang), caution],
    )
}

/// To bring orders of a guest into the account.
pub(super) fn claim_code(lang: Lang, code: &str, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "ゲストのご注文をアカウントに加えるための確認コードをお送りします。お手続きの画面に入力してください。コードは10分間有効です。",
        "Here is the code to add orders that you made as a guest to your account. Please type it into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、お客様のアカウントに他人がログインしている可能性があります。いつものように当店を開き、「アカウントの安全」のページをご確認ください。",
        "If you did not ask for it, somebody else may be signed in to your account. Please open our shop as usual and look at the page “Account security”.",
    );
    Words::new(
        lang.pick("ご注文を加えるための確認コード", "Your code to add orders"),
        vec![hello, Part::Code(code.to_owned()), about.facts(lang), tell_nobody(lang), caution],
    )
}

/// To an address that nobody has an account with. It says no more than that, and holds no code.
pub(super) fn no_account(lang: Lang, reset: bool) -> Words {
    let what = if reset {
        lang.pick("パスワードを再設定する操作", "set a new password")
    } else {
        lang.pick("ログインの操作", "sign in")
    };
    let body = lang.pick(
        format!(
            "当店で、このメールアドレスを使って{what}がありましたが、このアドレスで登録されたアカウントはありません。\n別のメールアドレスでご登録されていないか、ご確認ください。新しくご登録いただくこともできます。\n\nお心当たりがない場合は、どなたかがアドレスを打ちまちがえたものと思われます。何もする必要はありません。"
        ),
        format!(
            "Somebody tried to {what} at our shop with this address, but there is no account with it.\nPlease check whether you registered with another address. You are also welcome to open an account.\n\nIf this was not you, somebody probably mistyped their own address. There is nothing you need to do."
        ),
    );
    Words::new(
        lang.pick("このアドレスのご登録はありません", "There is no account with this address"),
        vec![Part::Text(body)],
    )
}

pub(super) fn new_device(lang: Lang, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "これまでに使われたことのない端末から、お客様のアカウントにログインがありました。ご本人であれば、何もする必要はありません。",
        "Your account was signed in to on a device that had not been used before. If this was you, there is nothing you need to do.",
    );
    Words::new(
        lang.pick("新しい端末からのログイン", "New sign-in to your account"),
        vec![hello, about.facts(lang), look_yourself(lang)],
    )
}

pub(super) fn event(lang: Lang, event: AccountEvent, about: &About<'_>) -> Words {
    let (subject, said) = said(event, lang);
    let body = match event {
        // These say themselves what to do, or were nobody's own doing.
        AccountEvent::ManyFailedTries
        | AccountEvent::NotMe
        | AccountEvent::PasskeyDoubted
        | AccountEvent::FactorsRemovalAsked
        | AccountEvent::FactorsRemoved
        | AccountEvent::EmailReverted
        | AccountEvent::SessionsEndedByShop => said.to_owned(),
        _ => lang.pick(
            format!("{said}ご本人であれば、何もする必要はありません。"),
            format!("{said} If this was you, there is nothing you need to do."),
        ),
    };
    Words::new(subject, vec![Part::Text(body), about.facts(lang), look_yourself(lang)])
}

/// What the mail about it is called, and says.
pub(super) fn said(event: AccountEvent, lang: Lang) -> (&'static str, &'static str) {
    let ((subject_ja, ja), (subject_en, en)) = match event {
        AccountEvent::PasswordChanged => (
            (
                "パスワードが変更されました",
                "お客様のアカウントのパスワードが変更されました。ほかの端末は、すべてログアウトしました。",
            ),
            (
                "Your password was changed",
                "The password of your account was changed. All other devices were signed out.",
            ),
        ),
        AccountEvent::PasswordReset => (
            (
                "パスワードが再設定されました",
                "メールの確認コードを使って、お客様のアカウントのパスワードが再設定されました。それまでにログインしていた端末は、すべてログアウトしました。この3日のうちに設定された認証アプリ、パスキー、復旧コードがあれば、取り除きました。",
            ),
            (
                "Your password was set anew",
                "A new password was set for your account with a code from a mail. All devices that were signed in before were signed out. An authenticator app, passkeys and recovery codes that were set up in the last three days, if there were any, were removed.",
            ),
        ),
        AccountEvent::SessionsEnded => (
            (
                "ほかの端末をログアウトしました",
                "お客様のアカウントにログインしていたほかの端末が、すべてログアウトされました。",
            ),
            (
                "Your other devices were signed out",
                "All other devices that were signed in to your account were signed out.",
            ),
        ),
        AccountEvent::SessionsEndedByShop => (
            (
                "すべての端末をログアウトしました",
                "安全のため、当店で、お客様のアカウントにログインしていたすべての端末をログアウトしました。お手数ですが、いつものように当店を開き、もう一度ログインしてください。",
            ),
            (
                "All your devices were signed out",
                "To keep your account safe, our shop has signed out all devices that were signed in to it. Please open our shop as usual and sign in again.",
            ),
        ),
        AccountEvent::TotpOn => (
            ("二段階認証を設定しました", "お客様のアカウントに、認証アプリによる二段階認証が設定されました。"),
            ("Two-step sign-in is on", "Codes of an authenticator app are now asked for when you sign in."),
        ),
        AccountEvent::TotpOff => (
            ("二段階認証を解除しました", "お客様のアカウントの、認証アプリによる二段階認証が解除されました。"),
            ("Two-step sign-in is off", "Codes of an authenticator app are not asked for any more when you sign in."),
        ),
        AccountEvent::RecoveryCodesMade => (
            (
                "新しい復旧コードが作られました",
                "お客様のアカウントの復旧コードが新しく作られました。以前のコードは使えなくなりました。",
            ),
            (
                "New recovery codes were made",
                "New recovery codes were made for your account. Those of before can no longer be used.",
            ),
        ),
        AccountEvent::RecoveryCodeUsed => (
            ("復旧コードが使われました", "お客様のアカウントの復旧コードが1つ使われました。"),
            ("A recovery code was used", "One of the recovery codes of your account was used."),
        ),
        AccountEvent::PasskeyAdded => (
            ("パスキーが追加されました", "お客様のアカウントに、新しいパスキーが追加されました。"),
            ("A passkey was added", "A passkey was added to your account."),
        ),
        AccountEvent::PasskeyRemoved => (
            ("パスキーが削除されました", "お客様のアカウントから、パスキーが1つ削除されました。"),
            ("A passkey was removed", "A passkey was removed from your account."),
        ),
        AccountEvent::PasskeyDoubted => (
            (
                "複製されたおそれのあるパスキーを拒否しました",
                "お客様のパスキーでのログインがありましたが、パスキーの使用回数が以前の記録より少なかったため、拒否しました。パスキーが複製されたおそれがあります。「アカウントの安全」のページで、そのパスキーを削除し、新しく追加することをおすすめします。",
            ),
            (
                "We refused a passkey that may have been copied",
                "Somebody used a passkey of your account that had been used more often before, so we refused it: there may be a copy of it. Please remove that passkey on the page “Account security” and add a new one.",
            ),
        ),
        AccountEvent::ManyFailedTries => (
            (
                "ログインの失敗が続いています",
                "お客様のアカウントへのログインの失敗が短い間に続いたため、しばらくパスワードでのログインを止めました。お使いになったことのある端末や、メールの確認コードでは、ログインしていただけます。",
            ),
            (
                "Many failed sign-ins",
                "There were many failed tries to sign in to your account, so we stopped taking passwords for a while. On a device that you have used before, or with a code by mail, you can still sign in.",
            ),
        ),
        AccountEvent::FactorsRemovalAsked => (
            (
                "二段階認証の解除のお申し出がありました",
                "認証アプリと復旧コードをなくされたとのお申し出を受け、お客様のアカウントの二段階認証とパスキーを、下の日時から72時間たったあとに解除します。このお申し出にお心当たりがない場合は、それまでに、いつものように当店にログインして「アカウントの安全」のページで取り消してください。ご本人の確認をお願いすることがあります。認証アプリかパスキーでログインされたときも、解除は取りやめになります。",
            ),
            (
                "Your two-step sign-in is to be removed",
                "We were told that you have lost your authenticator app and your recovery codes. We will remove them, and your passkeys, from your account once 72 hours have passed since the time below. If it was not you who asked, please sign in to our shop as usual before that and stop it on the page “Account security”, where we may ask you to confirm that it is you. Signing in with your app or a passkey stops it as well.",
            ),
        ),
        AccountEvent::FactorsRemoved => (
            (
                "二段階認証を解除しました",
                "お申し出のとおり、お客様のアカウントの認証アプリ、復旧コード、パスキーを解除し、すべての端末をログアウトしました。次のログインには、パスワードと、メールでお送りする確認コードが必要です。ログインのあと、二段階認証をもう一度設定されることをおすすめします。",
            ),
            (
                "Your two-step sign-in was removed",
                "As we were asked, we have removed the authenticator app, the recovery codes and the passkeys of your account, and signed all devices out. To sign in you need your password and a code that we send you by mail. We advise you to set two-step sign-in up again after that.",
            ),
        ),
        AccountEvent::FactorsKept => (
            (
                "二段階認証の解除を取りやめました",
                "お客様のアカウントの二段階認証の解除は、取りやめになりました。認証アプリ、復旧コード、パスキーは、これまでどおりお使いいただけます。",
            ),
            (
                "Your two-step sign-in stays",
                "The removal of the two-step sign-in of your account was stopped. Your authenticator app, recovery codes and passkeys work as before.",
            ),
        ),
        AccountEvent::EmailChangeAsked => (
            (
                "メールアドレス変更の手続きがありました",
                "お客様のアカウントのメールアドレスを変更する手続きがありました。",
            ),
            (
                "A change of your e-mail address was asked for",
                "Somebody asked to change the e-mail address of your account.",
            ),
        ),
        AccountEvent::EmailChanged => (
            ("メールアドレスが変更されました", "お客様のアカウントのメールアドレスが変更されました。"),
            ("Your e-mail address was changed", "The e-mail address of your account was changed."),
        ),
        AccountEvent::EmailReverted => (
            (
                "メールアドレスを元に戻しました",
                "お客様のアカウントのメールアドレスの変更を取り消し、元のアドレスに戻しました。それまでのパスワードは使えなくなりました。いつものように当店を開き、「パスワードをお忘れの方」から、新しいパスワードを設定してください。",
            ),
            (
                "Your e-mail address is the earlier one again",
                "The change of the e-mail address of your account was undone. The password of before can no longer be used: please open our shop as usual and set a new one by “Forgot your password?”.",
            ),
        ),
        AccountEvent::ExportAsked => (
            (
                "お預かりしている情報の控えが作られました",
                "お客様についてお預かりしている情報の控えを書き出す手続きがありました。",
            ),
            ("A copy of your data was asked for", "Somebody asked for a copy of the data we hold about you."),
        ),
        AccountEvent::OrdersClaimed => (
            (
                "ゲストのご注文を履歴に加えました",
                "お客様のメールアドレスでゲストとしてなさったご注文が、アカウントのご注文の履歴に加えられました。",
            ),
            (
                "Orders were added to your account",
                "Orders that were made as a guest with your e-mail address were added to your account.",
            ),
        ),
        AccountEvent::NotMe => (
            (
                "心当たりのないログインのご報告を受け付けました",
                "「心当たりがない」とご報告いただいたログインを記録し、ほかの端末をすべてログアウトしました。",
            ),
            (
                "We have your report of a sign-in that was not yours",
                "We have written down your report, and signed all other devices out.",
            ),
        ),
        // Told by a mail about the whole day instead (`trust::staff_read`).
        AccountEvent::StaffRead => (
            ("当店の従業員がお客様の情報を開きました", "当店の従業員が、業務のためにお客様の情報を開きました。"),
            ("Our staff opened your data", "Our staff opened your data as part of their work."),
        ),
    };
    (lang.pick(subject_ja, subject_en), lang.pick(ja, en))
}
