//! The mails about the account: to which address they go, in which language, and with which check phrase.

use super::{NO_LINK, News, Then};

pub(super) const EMAIL_CHANGE_ASKED: News = News {
    subject: ("メールアドレス変更の手続きがありました", "A change of your e-mail address was asked for"),
    said: (
        "お客様のアカウントのメールアドレスを変更する手続きがありました。",
        "Somebody asked to change the e-mail address of your account.",
    ),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const EMAIL_CHANGED: News = News {
    subject: ("メールアドレスが変更されました", "Your e-mail address was changed"),
    said: ("お客様のアカウントのメールアドレスが変更されました。", "The e-mail address of your account was changed."),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const EMAIL_REVERTED: News = News {
    subject: ("メールアドレスを元に戻しました", "Your e-mail address is the earlier one again"),
    said: (
        "お客様のアカウントのメールアドレスの変更を取り消し、元のアドレスに戻しました。すべての端末をログアウトし、それまでのパスワードは使えなくしました。変更のお手続きの3日前以降に設定された認証アプリ、パスキー、復旧コードがあれば、ご本人が以前のものと置き換えたものを除き、取り除きました。いつものように当店を開き、「パスワードをお忘れの方」から、新しいパスワードを設定してください。",
        "The change of the e-mail address of your account was undone. All devices were signed out, and the password of before can no longer be used. An authenticator app, passkeys and recovery codes that were set up in the three days before the change was asked for, or since, were removed, if there were any, unless you had put them in the place of older ones. Please open our shop as usual and set a new password by “Forgot your password?”.",
    ),
    then: Then::Nothing,
    remedy: Some(NO_LINK),
};

pub(super) const EMAIL_CHANGE_STOPPED: News = News {
    subject: ("メールアドレスの変更を止めました", "The change of your e-mail address was stopped"),
    said: (
        "お客様のアカウントで手続き中だったメールアドレスの変更を、このアドレスにお送りしたメールのページから止めました。メールアドレスは変わりません。すべての端末をログアウトし、それまでのパスワードは使えなくしました。変更のお手続きの3日前以降に設定された認証アプリ、パスキー、復旧コードがあれば、ご本人が以前のものと置き換えたものを除き、取り除きました。いつものように当店を開き、「パスワードをお忘れの方」から、新しいパスワードを設定してください。",
        "The change of the e-mail address of your account that was under way was stopped by the page in our mail to this address. The address stays as it is. All devices were signed out, and the password of before can no longer be used. An authenticator app, passkeys and recovery codes that were set up in the three days before the change was asked for, or since, were removed, if there were any, unless you had put them in the place of older ones. Please open our shop as usual and set a new password by “Forgot your password?”.",
    ),
    then: Then::Nothing,
    remedy: Some(NO_LINK),
};

/// Not why: whether somebody else has an address is nobody's business.
pub(super) const EMAIL_CHANGE_FAILED: News = News {
    subject: ("メールアドレスを変更できませんでした", "Your e-mail address could not be changed"),
    said: (
        "お知らせしていたメールアドレスの変更は、完了できませんでした。お客様のアカウントのメールアドレスは、これまでのままです。変更をご希望の場合は、お手数ですが、別のアドレスで、はじめからお手続きください。",
        "The change of the e-mail address of your account that we had told you of could not be completed. Your address is still the one of before. If you would like to change it, please begin anew with another address.",
    ),
    then: Then::Nothing,
    remedy: None,
};

pub(super) const MAIL_LANG_CHANGED: News = News {
    subject: ("メールの言語が変更されました", "The language of your mails was changed"),
    said: (
        "お客様のアカウントについて当店がお送りするメールの言語が変更されました。これからのメールは、英語でお送りします。言語は「当店からお送りしたメール」のページで、いつでもお選びいただけます。",
        "The language of our mails about your account was changed. From now on they come in Japanese. You can choose the language at any time on the page “Mails we sent you”.",
    ),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const PHRASE_CHANGED: News = News {
    subject: ("合言葉が新しくなりました", "Your check phrase is another one now"),
    said: (
        "お客様のアカウントの合言葉が、別のものになりました。前の合言葉が入るのは、このメールが最後です。これから当店がお送りするメールには、新しい合言葉が入ります。新しい合言葉は、「アカウントの安全」のページでご確認ください。",
        "Your account has another check phrase. This mail is the last one with the phrase of before; from now on our mails carry the new one. You see it on the page “Account security”.",
    ),
    then: Then::Harmless,
    remedy: None,
};
