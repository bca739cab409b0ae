//! Second factors.

use noren_domain::Lang;

use super::{NO_LINK, News, Then};
use crate::mail::letter::time;

pub(super) const TOTP_ON: News = News {
    subject: ("二段階認証が設定されました", "Two-step sign-in is on"),
    said: (
        "お客様のアカウントに、認証アプリによる二段階認証が設定されました。",
        "Codes of an authenticator app are now asked for when you sign in.",
    ),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const TOTP_OFF: News = News {
    subject: ("認証アプリによる二段階認証が解除されました", "Two-step sign-in with your authenticator app is off"),
    said: (
        "お客様のアカウントの、認証アプリによる二段階認証が解除されました。",
        "Codes of an authenticator app are not asked for any more when you sign in.",
    ),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const RECOVERY_CODES_MADE: News = News {
    subject: ("新しい復旧コードが作られました", "New recovery codes were made"),
    said: (
        "お客様のアカウントの復旧コードが新しく作られました。以前のコードは使えなくなりました。",
        "New recovery codes were made for your account. Those of before can no longer be used.",
    ),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const RECOVERY_CODE_USED: News = News {
    subject: ("復旧コードが使われました", "A recovery code was used"),
    said: ("お客様のアカウントの復旧コードが1つ使われました。", "One of the recovery codes of your account was used."),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const PASSKEY_ADDED: News = News {
    subject: ("パスキーが追加されました", "A passkey was added"),
    said: ("お客様のアカウントに、新しいパスキーが追加されました。", "A passkey was added to your account."),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const PASSKEY_REMOVED: News = News {
    subject: ("パスキーが削除されました", "A passkey was removed"),
    said: ("お客様のアカウントから、パスキーが1つ削除されました。", "A passkey was removed from your account."),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const PASSKEY_DOUBTED: News = News {
    subject: ("複製されたおそれのあるパスキーを拒否しました", "We refused a passkey that may have been copied"),
    said: (
        "お客様のパスキーでのログインがありましたが、パスキーの使用回数が以前の記録より少なかったため、拒否しました。パスキーが複製されたおそれがあります。「アカウントの安全」のページで、そのパスキーを削除し、新しく追加することをおすすめします。",
        "Somebody used a passkey of your account that had been used more often before, so we refused it: there may be a copy of it. Please remove that passkey on the page “Account security” and add a new one.",
    ),
    then: Then::Nothing,
    remedy: None,
};

pub(super) const FACTORS_REMOVAL_ASKED: News = News {
    subject: ("二段階認証の解除のお申し出がありました", "Your two-step sign-in is to be removed"),
    said: (
        "認証アプリと復旧コードをなくされたとのお申し出がありました。",
        "We were told that you have lost your authenticator app and your recovery codes.",
    ),
    then: Then::Due(removal),
    remedy: Some(NO_LINK),
};

pub(super) const FACTORS_REMOVED: News = News {
    subject: (
        "お申し出により、二段階認証とパスキーを解除しました",
        "As asked, your two-step sign-in and passkeys were removed",
    ),
    said: (
        "お申し出のとおり、お客様のアカウントの認証アプリ、復旧コード、パスキーを解除し、すべての端末をログアウトしました。次のログインには、パスワードと、メールでお送りする確認コードが必要です。ログインのあと、二段階認証をもう一度設定されることをおすすめします。",
        "As we were asked, we have removed the authenticator app, the recovery codes and the passkeys of your account, and signed all devices out. To sign in you need your password and a code that we send you by mail. We advise you to set two-step sign-in up again after that.",
    ),
    then: Then::Nothing,
    remedy: None,
};

pub(super) const FACTORS_KEPT: News = News {
    subject: ("二段階認証の解除を取りやめました", "Your two-step sign-in stays"),
    said: (
        "お客様のアカウントの二段階認証の解除は、取りやめになりました。認証アプリ、復旧コード、パスキーは、これまでどおりお使いいただけます。",
        "The removal of the two-step sign-in of your account was stopped. Your authenticator app, recovery codes and passkeys work as before.",
    ),
    then: Then::Harmless,
    remedy: None,
};

/// When the second factors go, and how they stay.
fn removal(lang: Lang, due: i64) -> String {
    let when = time(due, lang);
    lang.pick(
        format!("{when}以降に、お客様のアカウントの認証アプリ、復旧コード、パスキーを解除します。それまでに認証アプリかパスキーでログインされたときは、解除は取りやめになります。\n\nお心当たりがない場合は、それまでに、いつものように当店にログインし、「アカウントの安全」のページで取り消してください（ご本人の確認をお願いすることがあります）。そのあと、パスワードも変更してください。"),
        format!(" We will remove them, and your passkeys, from your account on {when} or soon after. If you sign in with your app or a passkey before that, they stay.\n\nIf it was not you who asked, sign in to our shop as usual before that and stop it on the page “Account security”, where we may ask you to confirm that it is you. After that, set a new password too."),
    )
}
