//! Rows of the files as goods: judged one by one, each fault with its line.

use std::collections::{HashMap, HashSet};
use std::iter::Peekable;

use noren_domain::Text;
use noren_domain::tax::TaxClass;

use super::table::{Cell, Row, Table};
use super::{BadRow, ImportError, Pictures, cells};
use crate::media::Source;

/// Highest price, in yen.
const MAX_PRICE: i64 = 99_999_999;
/// Highest weight, in grams, and highest stock.
const MAX_COUNT: i64 = 9_999_999;
/// Most pictures of one product.
const MAX_PICTURES: usize = 60;

const COLUMNS: [&str; 35] = [
    "sku",
    "product",
    "category",
    "state",
    "name_ja",
    "name_en",
    "summary_ja",
    "summary_en",
    "text_ja",
    "text_en",
    "details_ja",
    "details_en",
    "brand",
    "search_words",
    "tax",
    "option1_name_ja",
    "option1_name_en",
    "option1_ja",
    "option1_en",
    "option2_name_ja",
    "option2_name_en",
    "option2_ja",
    "option2_en",
    "option3_name_ja",
    "option3_name_en",
    "option3_ja",
    "option3_en",
    "price",
    "compare_at",
    "weight_g",
    "stock",
    "picture",
    "picture_alt_ja",
    "picture_alt_en",
    "more_pictures",
];

/// Cells that belong to the product: given on its first row, and on the others empty or the same.
const SHARED: [&str; 18] = [
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
    "search_words",
    "tax",
    "option1_name_ja",
    "option1_name_en",
    "option2_name_ja",
    "option2_name_en",
    "option3_name_ja",
    "option3_name_en",
];

/// Columns of which the file has all or none: one alone would leave half of a thing as it was.
const TOGETHER: [&[&str]; 7] = [
    &["option1_name_ja", "option1_name_en"],
    &["option2_name_ja", "option2_name_en"],
    &["option3_name_ja", "option3_name_en"],
    &["option1_ja", "option1_en"],
    &["option2_ja", "option2_en"],
    &["option3_ja", "option3_en"],
    &["picture", "picture_alt_ja", "picture_alt_en"],
];

/// A product as the file has it, with everything sellable under it.
pub struct Goods {
    /// The line of its first row.
    pub line: u64,
    pub slug: String,
    pub category: Cell<String>,
    pub state: Cell<String>,
    pub name: Words,
    pub summary: Words,
    pub text: Words,
    pub details: Words,
    pub brand: Cell<String>,
    pub search_words: Cell<String>,
    pub tax: Cell<String>,
    pub axes: [Cell<Text>; 3],
    pub variants: Vec<VariantCells>,
    /// Those that the columns the file has name.
    pub pictures: Vec<PictureCells>,
    /// Whether the file says which pictures the SKUs have, and which more there are.
    pub says_own: bool,
    pub says_more: bool,
}

/// A text of which a file may have one language alone.
pub struct Words {
    pub ja: Cell<String>,
    pub en: Cell<String>,
}

/// One SKU.
pub struct VariantCells {
    pub line: u64,
    pub sku: String,
    pub state: Cell<String>,
    pub options: [Cell<Text>; 3],
    pub price: Cell<i64>,
    pub compare_at: Cell<Option<i64>>,
    pub weight_g: Cell<i64>,
    pub stock: Option<i64>,
    /// Its place among the pictures of the product; none when it has no picture of its own, or when
    /// the file does not say.
    pub picture: Option<usize>,
}

/// One picture of a product.
pub struct PictureCells {
    pub source: Source,
    pub alt: Text,
}

/// What the rows of one product came to.
pub struct Item {
    pub goods: Option<Goods>,
    pub bad: Vec<BadRow>,
}

/// Reads the file of products, one product at a time. The rows of a product stand together.
pub struct GoodsReader<'a> {
    rows: Peekable<Box<dyn Iterator<Item = Row> + Send + 'a>>,
    categories: &'a HashSet<String>,
    owners: &'a HashMap<String, String>,
    pictures: &'a mut Pictures,
    slugs: HashSet<String>,
    skus: HashSet<String>,
    judged: bool,
}

impl<'a> GoodsReader<'a> {
    /// `categories` are the slugs a product may name; `owners` the product of each SKU in the database.
    /// Texts are cleaned only in rows that were `judged` already: no row is bad for its markup, so
    /// the first reading need not pay for it.
    pub fn new(
        table: &'a Table,
        categories: &'a HashSet<String>,
        owners: &'a HashMap<String, String>,
        pictures: &'a mut Pictures,
        judged: bool,
    ) -> Result<Self, ImportError> {
        // What new goods need besides is judged row by row: known goods need no more than this.
        let columns = table.columns(&["sku", "product"], &COLUMNS)?;
        table.together(&columns, &TOGETHER)?;
        let rows: Box<dyn Iterator<Item = Row> + Send + 'a> = Box::new(table.rows(columns));
        Ok(Self {
            rows: rows.peekable(),
            categories,
            owners,
            pictures,
            slugs: HashSet::new(),
            skus: HashSet::new(),
            judged,
        })
    }

    fn product(&mut self, first: &Row) -> Result<Goods, String> {
        if let Some(fault) = &first.fault {
            return Err(fault.clone());
        }
        let slug = cells::slug("product", first.get("product"))?;
        if self.slugs.contains(&slug) {
            return Err(format!("the rows of product \"{slug}\" must stand together"));
        }
        let category = first.cell("category").try_map(|raw| self.category(raw))?;
        let text = |column: &str, most| first.cell(column).try_map(|raw| cells::text(column, raw, most));
        let name = |column: &str| first.cell(column).try_map(|raw| cells::name(column, raw));
        let rich = |column: &str| {
            first.cell(column).try_map(|raw| {
                if self.judged { cells::rich(column, raw) } else { cells::text(column, raw, cells::LONG) }
            })
        };
        let goods = Goods {
            line: first.line,
            category,
            state: first.cell("state").try_map(state)?,
            tax: first.cell("tax").try_map(tax)?,
            name: Words { ja: name("name_ja")?, en: name("name_en")? },
            summary: Words { ja: text("summary_ja", cells::SUMMARY)?, en: text("summary_en", cells::SUMMARY)? },
            text: Words { ja: rich("text_ja")?, en: rich("text_en")? },
            details: Words { ja: text("details_ja", cells::LONG)?, en: text("details_en", cells::LONG)? },
            brand: text("brand", cells::NAME)?,
            search_words: text("search_words", cells::SUMMARY)?,
            axes: [axis(first, 1)?, axis(first, 2)?, axis(first, 3)?],
            variants: Vec::new(),
            pictures: Vec::new(),
            says_own: !first.cell("picture").is_absent(),
            says_more: !first.cell("more_pictures").is_absent(),
            slug: slug.clone(),
        };
        self.slugs.insert(slug);
        Ok(goods)
    }

    fn category(&self, raw: &str) -> Result<String, String> {
        if self.categories.contains(raw) {
            return Ok(raw.to_owned());
        }
        Err(format!(
            "category \"{}\" is unknown; write the slug of a category, or add it with a file of categories",
            cells::short(raw)
        ))
    }

    fn variant(&mut self, row: &Row, goods: &mut Goods) -> Result<(), String> {
        if let Some(fault) = &row.fault {
            return Err(fault.clone());
        }
        let sku = cells::sku(row.get("sku"))?;
        if self.skus.contains(&sku) {
            return Err(format!("sku {sku} is there twice; take one of the rows out"));
        }
        if let Some(owner) = self.owners.get(&sku)
            && *owner != goods.slug
        {
            return Err(format!("sku {sku} belongs to the product \"{owner}\"; write that or another sku"));
        }
        let options = [option(row, 1)?, option(row, 2)?, option(row, 3)?];
        let price = row.cell("price").try_map(|raw| cells::number("price", raw, MAX_PRICE))?;
        let compare_at = row.cell("compare_at").try_map(|raw| optional("compare_at", raw, MAX_PRICE))?;
        let weight_g =
            row.cell("weight_g").try_map(|raw| optional("weight_g", raw, MAX_COUNT).map(Option::unwrap_or_default))?;
        let stock = optional("stock", row.get("stock"), MAX_COUNT)?;
        // A draft is a draft as a whole; a SKU is on sale with its product or archived.
        let sold = |raw| state(raw).map(|word| if word == "archived" { word } else { "active".to_owned() });
        let state = row.cell("state").try_map(sold)?;
        let (own, more) = self.pictures_of(row)?;
        let new =
            own.iter().chain(&more).filter(|p| !goods.pictures.iter().any(|q| q.source.hash == p.source.hash)).count();
        if goods.pictures.len() + new > MAX_PICTURES {
            return Err(format!("more than {MAX_PICTURES} pictures of one product"));
        }
        let picture = own.map(|picture| place(goods, picture));
        for picture in more {
            place(goods, picture);
        }
        self.skus.insert(sku.clone());
        let line = row.line;
        goods.variants.push(VariantCells { line, sku, state, options, price, compare_at, weight_g, stock, picture });
        Ok(())
    }

    fn pictures_of(&mut self, row: &Row) -> Result<(Option<PictureCells>, Vec<PictureCells>), String> {
        let own = match row.get("picture") {
            "" => None,
            name => Some(self.picture(name, row.get("picture_alt_ja"), row.get("picture_alt_en"))?),
        };
        let mut more = Vec::new();
        for line in row.get("more_pictures").lines().map(str::trim).filter(|line| !line.is_empty()) {
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            let [name, ja, en] = parts[..] else {
                return Err(format!(
                    "more_pictures: write file|日本語の説明|English description, not \"{}\"",
                    cells::short(line)
                ));
            };
            more.push(self.picture(name, ja, en)?);
        }
        Ok((own, more))
    }

    fn picture(&mut self, name: &str, ja: &str, en: &str) -> Result<PictureCells, String> {
        if ja.is_empty() || en.is_empty() {
            return Err(format!("picture \"{}\" needs a description in both languages", cells::short(name)));
        }
        let alt = Text::new(
            cells::text("picture_alt_ja", ja, cells::SUMMARY)?,
            cells::text("picture_alt_en", en, cells::SUMMARY)?,
        );
        Ok(PictureCells { source: self.pictures.get(name)?, alt })
    }
}

impl Iterator for GoodsReader<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let first = self.rows.next()?;
        let mut bad = Vec::new();
        let mut report = |row: &Row, reason| {
            bad.push(BadRow { file: "products", line: row.line, key: cells::short(row.get("sku")), reason });
        };
        let mut goods = match self.product(&first) {
            Ok(goods) => Some(goods),
            Err(reason) => {
                report(&first, reason);
                None
            }
        };
        if let Some(goods) = &mut goods
            && let Err(reason) = self.variant(&first, goods)
        {
            report(&first, reason);
        }
        let same = |row: &Row| {
            row.fault.is_none() && first.fault.is_none() && ["", first.get("product")].contains(&row.get("product"))
        };
        while let Some(row) = self.rows.next_if(same) {
            let judged = match &mut goods {
                None => Err(format!("its product could not be read, see line {}", first.line)),
                Some(goods) => match SHARED.iter().find(|c| !["", first.get(c)].contains(&row.get(c))) {
                    Some(column) => Err(format!("{column} is not as on line {}, the first of its product", first.line)),
                    None => self.variant(&row, goods),
                },
            };
            if let Err(reason) = judged {
                report(&row, reason);
            }
        }
        Some(Item { goods: goods.filter(|goods| !goods.variants.is_empty()), bad })
    }
}

/// The place of `picture` in the product, which holds each picture once.
fn place(goods: &mut Goods, picture: PictureCells) -> usize {
    if let Some(at) = goods.pictures.iter().position(|other| other.source.hash == picture.source.hash) {
        return at;
    }
    goods.pictures.push(picture);
    goods.pictures.len() - 1
}

fn optional(column: &str, raw: &str, most: i64) -> Result<Option<i64>, String> {
    if raw.is_empty() { Ok(None) } else { cells::number(column, raw, most).map(Some) }
}

fn state(raw: &str) -> Result<String, String> {
    match raw {
        "" => Ok("active".to_owned()),
        "active" | "draft" | "archived" => Ok(raw.to_owned()),
        other => Err(format!("state \"{}\" is unknown; write active, draft or archived", cells::short(other))),
    }
}

fn tax(raw: &str) -> Result<String, String> {
    TaxClass::from_word(raw)
        .map(|tax| tax.word().to_owned())
        .ok_or_else(|| format!("tax \"{}\" is unknown; write standard or reduced", cells::short(raw)))
}

fn axis(row: &Row, no: u8) -> Result<Cell<Text>, String> {
    both(row, &format!("option{no}_name_ja"), &format!("option{no}_name_en"))
}

fn option(row: &Row, no: u8) -> Result<Cell<Text>, String> {
    both(row, &format!("option{no}_ja"), &format!("option{no}_en"))
}

/// A short text that is there in both languages or in neither.
fn both(row: &Row, ja: &str, en: &str) -> Result<Cell<Text>, String> {
    row.cell(ja).try_map(|first| match (first, row.get(en)) {
        ("", "") => Ok(Text::default()),
        ("", _) => Err(format!("{ja} is empty but {en} is not")),
        (_, "") => Err(format!("{en} is empty but {ja} is not")),
        (first, second) => Ok(Text::new(cells::name(ja, first)?, cells::name(en, second)?)),
    })
}
