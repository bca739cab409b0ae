//! Who sells here, as receipts, the legal notice and newsletters must say it.

use crate::Lang;

/// The mailbox for questions.
pub const MAIL: &str = "shop@norendo.example";

/// Who sells, as a receipt must say it (消費税法 第57条の4 第1項).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seller {
    /// Name of the company.
    pub name: &'static str,
    /// Where it is.
    pub address: &'static str,
    /// Registration number of an issuer of qualified invoices.
    pub number: &'static str,
    /// The mailbox for questions and complaints.
    pub mail: &'static str,
}

/// The seller, in the language of the page or mail.
pub const fn seller(lang: Lang) -> Seller {
    match lang {
        Lang::Ja => Seller {
            name: "株式会社暖簾堂（見本）",
            address: "〒100-0000 東京都千代田区見本町1丁目2番3号（見本）",
            number: "T0000000000000（見本）",
            mail: MAIL,
        },
        Lang::En => Seller {
            name: "Norendo Co., Ltd. (sample)",
            address: "1-2-3 Mihoncho, Chiyoda-ku, Tokyo 100-0000, Japan (sample)",
            number: "T0000000000000 (sample)",
            mail: MAIL,
        },
    }
}
