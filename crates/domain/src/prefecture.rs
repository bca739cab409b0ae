//! The 47 prefectures, numbered as in JIS X 0401.

use serde::{Deserialize, Serialize};

use crate::Lang;

const NAMES: [(&str, &str); 47] = [
    ("北海道", "Hokkaido"),
    ("青森県", "Aomori"),
    ("岩手県", "Iwate"),
    ("宮城県", "Miyagi"),
    ("秋田県", "Akita"),
    ("山形県", "Yamagata"),
    ("福島県", "Fukushima"),
    ("茨城県", "Ibaraki"),
    ("栃木県", "Tochigi"),
    ("群馬県", "Gunma"),
    ("埼玉県", "Saitama"),
    ("千葉県", "Chiba"),
    ("東京都", "Tokyo"),
    ("神奈川県", "Kanagawa"),
    ("新潟県", "Niigata"),
    ("富山県", "Toyama"),
    ("石川県", "Ishikawa"),
    ("福井県", "Fukui"),
    ("山梨県", "Yamanashi"),
    ("長野県", "Nagano"),
    ("岐阜県", "Gifu"),
    ("静岡県", "Shizuoka"),
    ("愛知県", "Aichi"),
    ("三重県", "Mie"),
    ("滋賀県", "Shiga"),
    ("京都府", "Kyoto"),
    ("大阪府", "Osaka"),
    ("兵庫県", "Hyogo"),
    ("奈良県", "Nara"),
    ("和歌山県", "Wakayama"),
    ("鳥取県", "Tottori"),
    ("島根県", "Shimane"),
    ("岡山県", "Okayama"),
    ("広島県", "Hiroshima"),
    ("山口県", "Yamaguchi"),
    ("徳島県", "Tokushima"),
    ("香川県", "Kagawa"),
    ("愛媛県", "Ehime"),
    ("高知県", "Kochi"),
    ("福岡県", "Fukuoka"),
    ("佐賀県", "Saga"),
    ("長崎県", "Nagasaki"),
    ("熊本県", "Kumamoto"),
    ("大分県", "Oita"),
    ("宮崎県", "Miyazaki"),
    ("鹿児島県", "Kagoshima"),
    ("沖縄県", "Okinawa"),
];

/// A prefecture by its JIS X 0401 number, 1 (北海道) to 47 (沖縄県).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Prefecture(u8);

/// A number that names no prefecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no prefecture: JIS X 0401 numbers them 1 to 47")]
pub struct NoPrefecture(pub u8);

impl TryFrom<u8> for Prefecture {
    type Error = NoPrefecture;
    fn try_from(number: u8) -> Result<Self, NoPrefecture> {
        if (1..=47).contains(&number) { Ok(Self(number)) } else { Err(NoPrefecture(number)) }
    }
}

impl From<Prefecture> for u8 {
    fn from(prefecture: Prefecture) -> Self {
        prefecture.0
    }
}

impl Prefecture {
    /// 東京都. Until an address is known, delivery is estimated for it: 本州 is where most parcels go.
    pub const TOKYO: Self = Self(13);

    /// All 47, from the north to the south.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=47).map(Self)
    }

    /// 1 to 47.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// 東京都 · Tokyo.
    pub fn name(self, lang: Lang) -> &'static str {
        let (ja, en) = NAMES[usize::from(self.0) - 1];
        lang.pick(ja, en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefectures_are_numbered_as_in_the_standard() {
        assert_eq!(Prefecture(13).name(Lang::Ja), "東京都");
        assert_eq!(Prefecture(27).name(Lang::En), "Osaka");
        assert_eq!(Prefecture::all().count(), 47);
        assert_eq!(Prefecture::try_from(48), Err(NoPrefecture(48)));
        assert_eq!(Prefecture::try_from(0), Err(NoPrefecture(0)));
    }
}
