//! Made-up people, as many as are wanted, no two of whom share an address, a telephone or a street number.

const FAMILY: [(&str, &str); 12] = [
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("高橋", "タカハシ"),
    ("染谷", "ソメヤ"),
    ("暖簾", "ノレン"),
    ("長谷川", "ハセガワ"),
    ("小笠原", "オガサワラ"),
    ("東雲", "シノノメ"),
    ("五十嵐", "イガラシ"),
    ("勅使河原", "テシガワラ"),
    ("渡邉", "ワタナベ"),
    ("久我山", "クガヤマ"),
];
const GIVEN: [(&str, &str); 24] = [
    ("花", "ハナ"),
    ("杏", "アン"),
    ("結", "ユイ"),
    ("咲", "サキ"),
    ("太", "タ"),
    ("健", "ケン"),
    ("悠", "ユウ"),
    ("蓮", "レン"),
    ("美", "ミ"),
    ("千", "チ"),
    ("真", "マ"),
    ("理", "リ"),
    ("恵", "エ"),
    ("沙", "サ"),
    ("智", "トモ"),
    ("和", "カズ"),
    ("光", "ミツ"),
    ("春", "ハル"),
    ("秋", "アキ"),
    ("冬", "フユ"),
    ("詩", "シ"),
    ("琴", "コト"),
    ("鈴", "スズ"),
    ("葵", "アオイ"),
];
const ENDING: [(&str, &str); 16] = [
    ("子", "コ"),
    ("郎", "ロウ"),
    ("香", "カ"),
    ("奈", "ナ"),
    ("介", "スケ"),
    ("也", "ヤ"),
    ("穂", "ホ"),
    ("樹", "キ"),
    ("乃", "ノ"),
    ("斗", "ト"),
    ("海", "ミ"),
    ("代", "ヨ"),
    ("平", "ヘイ"),
    ("里", "リ"),
    ("江", "エ"),
    ("次郎", "ジロウ"),
];
const WORDS: [&str; 8] = ["hanako", "taro", "mori", "sora", "kaede", "yamato", "hikari", "tsubaki"];
const HOUSES: [&str; 6] = ["コーポ藍", "メゾン楓", "ハイツ若竹", "グランドール椿", "サンライズ桔梗", "レジデンス葛"];

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Canonical.
    pub email: String,
    pub name: String,
    pub kana: String,
    pub street: String,
    pub building: String,
    /// Eleven digits.
    pub phone: String,
}

/// 〒 of everybody, and the city that belongs to it.
pub const POSTAL_CODE: &str = "1000005";
pub const CITY: &str = "千代田区丸の内";

/// The somebody with this number, below ten million.
pub fn person(no: usize) -> Person {
    let (family, given, ending) = (
        FAMILY[no % FAMILY.len()],
        GIVEN[no / FAMILY.len() % GIVEN.len()],
        ENDING[no / (FAMILY.len() * GIVEN.len()) % ENDING.len()],
    );
    // Leaps through all numbers, so that neighbours have little in common.
    let leap = no * 7_368_787 % 100_000_000;
    Person {
        email: format!("{}.{no}@mail{}.example.jp", WORDS[no % WORDS.len()], no % 97),
        name: format!("{} {}{}", family.0, given.0, ending.0),
        kana: format!("{} {}{}", family.1, given.1, ending.1),
        street: format!("藍染{}丁目{}番地の{}", no % 9 + 1, no / 9, no % 13 + 1),
        building: format!("{}{}号室", HOUSES[no % HOUSES.len()], no),
        phone: format!("090{leap:08}"),
    }
}
