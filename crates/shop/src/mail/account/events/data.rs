//! The owner's data.

use super::{News, Then};

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
