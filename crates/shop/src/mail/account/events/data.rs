//! The owner's data.

use super::{News, Then};

/// Told three times at once at most, and once more each twenty minutes (`account::addresses`).
pub(super) const SAVED_ADDRESSES_CHANGED: News = News {
    subject: ("保存したお届け先が変更されました", "Your saved addresses were changed"),
    said: (
        "お客様のアカウントに保存されたお届け先が、変更または削除されたか、いつものお届け先が別のものになりました。短い間に何度も変更があった場合は、はじめの3回だけをお知らせします。いまの内容は、「お届け先の一覧」でご確認いただけます。",
        "A saved address of your account was changed or removed, or another one is your default address now. If there are many changes within a short time, we tell you of the first three; “Your addresses” shows how they are now.",
    ),
    then: Then::Harmless,
    remedy: Some((
        "お心当たりがない場合は、いつものように当店を開き、「お届け先の一覧」と、ご注文のお届け先をご確認ください。そのうえで、「アカウントの安全」のページで、ほかの端末をすべてログアウトし、パスワードを変更してください。このメールには、ログインのためのリンクはありません。",
        "If this was not you, open our shop as usual and look at “Your addresses”, and at where your orders go. Then sign all other devices out on the page “Account security”, and choose another password. This mail holds no link to sign in.",
    )),
};

pub(super) const EXPORT_ASKED: News = News {
    subject: ("お預かりしている情報の控えの作成が申し込まれました", "A copy of your data was asked for"),
    said: (
        "お客様についてお預かりしている情報の控えを書き出す手続きがありました。",
        "Somebody asked for a copy of the data we hold about you.",
    ),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const ORDERS_CLAIMED: News = News {
    subject: ("ゲストのご注文を履歴に加えました", "Orders were added to your account"),
    said: (
        "お客様のメールアドレスでゲストとしてなさったご注文が、アカウントのご注文の履歴に加えられました。",
        "Orders that were made as a guest with your e-mail address were added to your account.",
    ),
    then: Then::Harmless,
    remedy: None,
};

/// Told by a mail about the whole day instead (`trust::staff_read`).
pub(super) const STAFF_READ: News = News {
    subject: ("当店の従業員がお客様の情報を開きました", "Our staff opened your data"),
    said: (
        "当店の従業員が、業務のためにお客様の情報を開きました。",
        "Our staff opened your data as part of their work.",
    ),
    then: Then::Harmless,
    remedy: None,
};
