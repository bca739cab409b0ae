//! A file of goods as large as one likes, shaped like a real one: names put together from the words
//! of the trade, one to three variants, both tax rates, prices and stock that vary. No pictures.

use std::fmt::Write as _;
use std::io::Write;

use super::words::{FAMILIES, Family, QUALITIES, SENTENCES, Word};

const HEADER: [&str; 20] = [
    "sku",
    "product",
    "category",
    "name_ja",
    "name_en",
    "summary_ja",
    "summary_en",
    "text_ja",
    "text_en",
    "details_ja",
    "details_en",
    "brand",
    "tax",
    "option1_name_ja",
    "option1_name_en",
    "option1_ja",
    "option1_en",
    "price",
    "weight_g",
    "stock",
];

/// Writes a CSV file of `count` products in the categories of the sample shop to `out`. The same
/// `seed` gives the same products, however many are asked for.
pub fn large(seed: u64, count: usize, out: impl Write) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADER)?;
    for no in 1..=count {
        // Each product draws from its own dice, so that a longer file begins as a shorter one.
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (no as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
        product(no, &mut dice, &mut writer)?;
    }
    Ok(writer.flush()?)
}

fn product(no: usize, dice: &mut Dice, writer: &mut csv::Writer<impl Write>) -> Result<(), csv::Error> {
    let family = dice.pick(&FAMILIES);
    let (thing, kind, quality) = (dice.pick(family.things), dice.pick(family.kinds), dice.pick(&QUALITIES));
    let maker = *dice.pick(family.makers);
    let slug = format!("{}-{no:06}", slugged(thing.1));
    let name_ja = [thing.0, kind.0, quality.0].join(" ").trim_end().to_owned();
    let name_en = capital(&[quality.1, &thing.1.to_lowercase()].join(" "), kind.1);
    let (summary, text, details) = texts(dice, family, *thing, *kind);
    let base = dice.between(family.price.0, family.price.1) / 10 * 10;
    let weight = dice.between(family.weight.0, family.weight.1);

    let variants = dice.between(1, 3);
    let first = dice.between(0, family.options.len() as u64 - 1);
    for at in 0..variants {
        let option = family
            .options
            .iter()
            .cycle()
            .nth(usize::try_from(first + at).unwrap_or_default())
            .expect("a family has options");
        let own = |cell: &str| if at == 0 { cell.to_owned() } else { String::new() };
        // One in nine has none left, so that lists have something to hide.
        let stock = if dice.between(1, 9) == 1 { 0 } else { dice.between(1, 120) };
        writer.write_record([
            format!("{}-{no:06}-{}", family.code, at + 1),
            slug.clone(),
            own(family.category),
            own(&name_ja),
            own(&name_en),
            own(&summary.0),
            own(&summary.1),
            own(&text.0),
            own(&text.1),
            own(&details.0),
            own(&details.1),
            own(maker),
            own(if family.reduced { "reduced" } else { "standard" }),
            own(family.axis.0),
            own(family.axis.1),
            option.0.to_owned(),
            option.1.to_owned(),
            (base + at * (base / 40 * 10)).to_string(),
            (weight + at * 20).to_string(),
            stock.to_string(),
        ])?;
    }
    Ok(())
}

type Pair = (String, String);

/// Summary, description and details.
fn texts(dice: &mut Dice, family: &Family, thing: Word, kind: Word) -> (Pair, Pair, Pair) {
    let stuff = dice.pick(family.stuffs);
    let lead = dice.pick(&SENTENCES);
    let summary =
        (format!("{}の{}。{}", kind.0, thing.0, lead.0), format!("{}: {}. {}", thing.1, kind.1.to_lowercase(), lead.1));
    let mut text = (String::new(), String::new());
    for _ in 0..dice.between(1, 3) {
        let (one, two) = (dice.pick(&SENTENCES), dice.pick(&SENTENCES));
        let _ = write!(text.0, "<p>{}{}</p>", one.0, two.0);
        let _ = write!(text.1, "<p>{} {}</p>", one.1, two.1);
    }
    let (wide, long) = (dice.between(5, 90), dice.between(5, 150));
    let details = (
        format!("サイズ: 約{wide}×{long}cm\n素材: {}", stuff.0),
        format!("Size: approx. {wide} × {long} cm\nMaterial: {}", stuff.1),
    );
    (summary, text, details)
}

fn slugged(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn capital(words: &str, kind: &str) -> String {
    let words = words.trim_start();
    let (first, rest) = words.split_at(words.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}, {kind}", first.to_uppercase())
}

/// `SplitMix64`: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        let at = self.roll() % from.len() as u64;
        &from[usize::try_from(at).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(seed: u64, count: usize) -> Vec<csv::StringRecord> {
        let mut bytes = Vec::new();
        large(seed, count, &mut bytes).unwrap();
        csv::Reader::from_reader(bytes.as_slice()).records().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_goods_and_a_longer_file_begins_as_a_shorter_one() {
        let (short, long) = (file(7, 50), file(7, 80));
        assert_eq!(long[..short.len()], short[..]);
        assert_ne!(file(8, 50), short);
    }

    #[test]
    fn a_large_file_has_every_category_both_tax_rates_and_one_to_three_variants() {
        let rows = file(1, 2_000);
        let cells = |at: usize| {
            rows.iter().map(|r| r[at].to_owned()).filter(|c| !c.is_empty()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(cells(2).len(), FAMILIES.len());
        assert_eq!(cells(12).into_iter().collect::<Vec<_>>(), ["reduced", "standard"]);
        assert_eq!(cells(1).len(), 2_000);
        assert_eq!(cells(0).len(), rows.len(), "no SKU twice");
        assert!((3_500..4_500).contains(&rows.len()), "{}", rows.len());
    }
}
