//! Rows of the files as goods: judged one by one, each fault with its line.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::iter::Peekable;

use noren_domain::Text;
use noren_domain::tax::TaxClass;

use super::table::{Row, Table};
use super::{BadRow, ImportError, Pictures, cells};
use crate::media::Source;

/// Highest price, in yen.
const MAX_PRICE: i64 = 99_999_999;
/// Highest weight, in grams, and highest stock.
const MAX_COUNT: i64 = 9_999_999;
/// Most pictures of one product.
const MAX_PICTURES: usize = 60;

const CATEGORY_COLUMNS: [&str; 7] = ["slug", "parent", "position", "name_ja", "name_en", "text_ja", "text_en"];

const PRODUCT_COLUMNS: [&str; 34] = [
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
const SHARED: [&str; 17] = [
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
    "option2_name_ja",
    "option2_name_en",
    "option3_name_ja",
    "option3_name_en",
];

/// A category as the file has it.
pub struct CategoryCells {
    pub slug: String,
    pub parent: Option<String>,
    pub position: i64,
    pub name: Text,
    pub text: Text,
}

/// A product as the file has it, with everything sellable under it.
pub struct Goods {
    pub slug: String,
    pub category: String,
    pub state: &'static str,
    pub name: Text,
    pub summary: Text,
    pub text: Text,
    pub details: Text,
    pub brand: String,
    pub tax: TaxClass,
    pub axes: [Text; 3],
    pub variants: Vec<VariantCells>,
    pub pictures: Vec<PictureCells>,
}

/// One SKU.
pub struct VariantCells {
    pub sku: String,
    pub archived: bool,
    pub options: [Text; 3],
    pub price: i64,
    pub compare_at: Option<i64>,
    pub weight_g: i64,
    pub stock: Option<i64>,
    /// Its place among the pictures of the product.
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

/// Reads the file of categories. `known` are those of the database, which a parent may be too.
pub fn categories(
    table: &Table,
    known: &BTreeMap<String, i64>,
    bad: &mut Vec<BadRow>,
) -> Result<Vec<CategoryCells>, ImportError> {
    let columns = table.columns(&["slug", "name_ja", "name_en"], &CATEGORY_COLUMNS)?;
    let mut read: Vec<CategoryCells> = Vec::new();
    for row in table.rows(columns) {
        let judged = category(&row).and_then(|cells| match &cells.parent {
            _ if read.iter().any(|earlier| earlier.slug == cells.slug) => {
                Err(format!("the category \"{}\" is there twice; take one of the rows out", cells.slug))
            }
            // Only what stands above: a parent after its child, or a ring, cannot be written.
            Some(parent)
                if *parent == cells.slug || !(known.contains_key(parent) || read.iter().any(|c| c.slug == *parent)) =>
            {
                Err(format!("parent \"{}\" is no category above this line; move its row up", cells::short(parent)))
            }
            _ => Ok(cells),
        });
        match judged {
            Ok(cells) => read.push(cells),
            Err(reason) => {
                bad.push(BadRow { file: "categories", line: row.line, key: cells::short(row.get("slug")), reason });
            }
        }
    }
    Ok(read)
}

fn category(row: &Row) -> Result<CategoryCells, String> {
    if let Some(fault) = &row.fault {
        return Err(fault.clone());
    }
    Ok(CategoryCells {
        slug: cells::slug("slug", row.get("slug"))?,
        parent: Some(row.get("parent")).filter(|parent| !parent.is_empty()).map(str::to_owned),
        position: match row.get("position") {
            "" => 0,
            raw => cells::number("position", raw, MAX_COUNT)?,
        },
        name: Text::new(cells::name("name_ja", row.get("name_ja"))?, cells::name("name_en", row.get("name_en"))?),
        text: Text::new(
            cells::text("text_ja", row.get("text_ja"), cells::SUMMARY)?,
            cells::text("text_en", row.get("text_en"), cells::SUMMARY)?,
        ),
    })
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
        let required = ["sku", "product", "category", "name_ja", "name_en", "tax", "price"];
        let columns = table.columns(&required, &PRODUCT_COLUMNS)?;
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
        let category = first.get("category").to_owned();
        if !self.categories.contains(&category) {
            return Err(format!(
                "category \"{}\" is unknown; write the slug of a category, or add it with a file of categories",
                cells::short(&category)
            ));
        }
        let state = match first.get("state") {
            "" | "active" => "active",
            "draft" => "draft",
            "archived" => "archived",
            other => {
                return Err(format!("state \"{}\" is unknown; write active, draft or archived", cells::short(other)));
            }
        };
        let tax = TaxClass::from_word(first.get("tax")).ok_or_else(|| {
            format!("tax \"{}\" is unknown; write standard or reduced", cells::short(first.get("tax")))
        })?;
        let plain = |column: &str, most| cells::text(column, first.get(column), most);
        let rich = |column: &str| {
            if self.judged {
                cells::rich(column, first.get(column))
            } else {
                cells::text(column, first.get(column), cells::LONG)
            }
        };
        let goods = Goods {
            category,
            state,
            tax,
            name: Text::new(
                cells::name("name_ja", first.get("name_ja"))?,
                cells::name("name_en", first.get("name_en"))?,
            ),
            summary: Text::new(plain("summary_ja", cells::SUMMARY)?, plain("summary_en", cells::SUMMARY)?),
            text: Text::new(rich("text_ja")?, rich("text_en")?),
            details: Text::new(plain("details_ja", cells::LONG)?, plain("details_en", cells::LONG)?),
            brand: plain("brand", cells::NAME)?,
            axes: [axis(first, 1)?, axis(first, 2)?, axis(first, 3)?],
            variants: Vec::new(),
            pictures: Vec::new(),
            slug: slug.clone(),
        };
        self.slugs.insert(slug);
        Ok(goods)
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
        let options =
            [option(row, 1, &goods.axes[0])?, option(row, 2, &goods.axes[1])?, option(row, 3, &goods.axes[2])?];
        if let Some(twin) = goods.variants.iter().find(|variant| variant.options == options) {
            return Err(format!("the same options as sku {}; each variant needs its own", twin.sku));
        }
        let price = cells::number("price", row.get("price"), MAX_PRICE)?;
        let compare_at = optional(row, "compare_at", MAX_PRICE)?;
        if compare_at.is_some_and(|before| before <= price) {
            return Err("compare_at must be higher than price, or empty".to_owned());
        }
        let (weight_g, stock) =
            (optional(row, "weight_g", MAX_COUNT)?.unwrap_or(0), optional(row, "stock", MAX_COUNT)?);
        let archived = match row.get("state") {
            "" | "active" | "draft" => false,
            "archived" => true,
            other => {
                return Err(format!("state \"{}\" is unknown; write active, draft or archived", cells::short(other)));
            }
        };
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
        goods.variants.push(VariantCells { sku, archived, options, price, compare_at, weight_g, stock, picture });
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

fn optional(row: &Row, column: &str, most: i64) -> Result<Option<i64>, String> {
    match row.get(column) {
        "" => Ok(None),
        raw => cells::number(column, raw, most).map(Some),
    }
}

fn axis(row: &Row, no: u8) -> Result<Text, String> {
    both(row, &format!("option{no}_name_ja"), &format!("option{no}_name_en"))
}

fn option(row: &Row, no: u8, axis: &Text) -> Result<Text, String> {
    let (ja, en) = (format!("option{no}_ja"), format!("option{no}_en"));
    let value = both(row, &ja, &en)?;
    match (axis.is_empty(), value.is_empty()) {
        (false, true) => Err(format!("{ja} is empty although the product has the option \"{}\"", axis.ja)),
        (true, false) => {
            Err(format!("{ja} is given although the product has no such option; name it in option{no}_name_ja"))
        }
        _ => Ok(value),
    }
}

/// A short text that is there in both languages or in neither.
fn both(row: &Row, ja: &str, en: &str) -> Result<Text, String> {
    match (row.get(ja), row.get(en)) {
        ("", "") => Ok(Text::default()),
        ("", _) => Err(format!("{ja} is empty but {en} is not")),
        (_, "") => Err(format!("{en} is empty but {ja} is not")),
        (first, second) => Ok(Text::new(cells::name(ja, first)?, cells::name(en, second)?)),
    }
}
