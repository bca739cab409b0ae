//! The rows of a product as they are after the import: what the file says, and of what it does not
//! speak, what the database holds.

use std::collections::HashSet;

use noren_domain::{Lang, Text, search};

use super::goods::{Goods, VariantCells};
use super::plan::Ids;
use super::rows::{Held, PictureRow, ProductRow, VariantRow};
use super::{BadRow, cells};

/// What the database holds of one product; nothing when it is new.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    pub product: Option<&'a ProductRow>,
    pub variants: &'a [VariantRow],
    pub pictures: &'a [PictureRow],
}

impl<'a> Before<'a> {
    pub fn of(held: &'a Held, slug: &str) -> Self {
        let product = held.products.get(slug);
        let id = product.map(|row| row.id);
        Self {
            product,
            variants: id.and_then(|id| held.variants.get(&id)).map_or(&[][..], Vec::as_slice),
            pictures: id.and_then(|id| held.pictures.get(&id)).map_or(&[][..], Vec::as_slice),
        }
    }

    fn variant(&self, sku: &str) -> Option<&'a VariantRow> {
        self.variants.iter().find(|row| row.sku == sku)
    }
}

/// Takes out of `goods` what does not fit together with what the database holds, each row with its reason.
pub fn judge(goods: &mut Goods, before: Before) -> Vec<BadRow> {
    let mut bad = Vec::new();
    let missing = if before.product.is_none() { missing_for_new(goods) } else { Vec::new() };
    let product = product_row(0, 0, goods, before.product, &[]);
    let first = goods.line;
    let kept = kept(goods, before);
    let misfit = kept.iter().find_map(|row| unfit(row, &product));
    let mut fitting: Vec<VariantCells> = Vec::with_capacity(goods.variants.len());
    let mut options_of: Vec<(String, [Text; 3])> = Vec::with_capacity(goods.variants.len());
    for cells in std::mem::take(&mut goods.variants) {
        let row = variant_row(0, &cells, before.variant(&cells.sku));
        let options = options(&row);
        let judged = if !missing.is_empty() {
            let columns = missing.join(", ");
            of_product(format!("the product \"{}\" is new; add the columns {columns}", goods.slug), &cells, first)
        } else if let Some(reason) = sku_fault(&cells, &row, &product, before) {
            Err(reason)
        } else if let Some(reason) = &misfit {
            of_product(reason.clone(), &cells, first)
        } else {
            // One that is not sold stands in nobody's way.
            let sold = row.state == "active";
            let in_file = options_of.iter().find(|(_, other)| alike(other, &options)).map(|(sku, _)| sku.as_str());
            let beside = kept.iter().find(|kept| alike(&self::options(kept), &options)).map(|kept| kept.sku.as_str());
            match in_file.or(beside).filter(|_| sold) {
                Some(twin) => Err(format!("the same options as sku {twin}; each variant needs its own")),
                None => Ok(()),
            }
        };
        match judged {
            Ok(()) => {
                if row.state == "active" {
                    options_of.push((cells.sku.clone(), options));
                }
                fitting.push(cells);
            }
            Err(reason) => bad.push(BadRow { file: "products", line: cells.line, key: cells.sku, reason }),
        }
    }
    goods.variants = fitting;
    bad
}

/// Whether a shopper would take the options for the same, in one language or the other.
fn alike(one: &[Text; 3], other: &[Text; 3]) -> bool {
    let same = |lang| {
        let folded = |options: &[Text; 3]| options.each_ref().map(|option| search::fold(option.get(lang)));
        folded(one) == folded(other)
    };
    [Lang::Ja, Lang::En].into_iter().any(same)
}

/// A fault of the product, told once, on its first row.
fn of_product(reason: String, cells: &VariantCells, first: u64) -> Result<(), String> {
    Err(if cells.line == first { reason } else { format!("its product could not be read, see line {first}") })
}

/// The SKUs on sale that the file does not name: they stay, and must fit what it says.
fn kept<'a>(goods: &Goods, before: Before<'a>) -> Vec<&'a VariantRow> {
    let named: HashSet<&str> = goods.variants.iter().map(|cells| cells.sku.as_str()).collect();
    before.variants.iter().filter(|row| row.state == "active" && !named.contains(row.sku.as_str())).collect()
}

/// Why a SKU that stays would not fit the options that the product has now.
fn unfit(row: &VariantRow, product: &ProductRow) -> Option<String> {
    axes(product).into_iter().zip(options(row)).find(|(axis, option)| axis.is_empty() != option.is_empty())?;
    Some(format!(
        "the options do not fit sku {}, which the shop holds and the file does not name; add its row",
        row.sku
    ))
}

/// The columns that a new product cannot do without and the file has not.
fn missing_for_new(goods: &Goods) -> Vec<&'static str> {
    [
        ("category", goods.category.is_absent()),
        ("name_ja", goods.name.ja.is_absent()),
        ("name_en", goods.name.en.is_absent()),
        ("tax", goods.tax.is_absent()),
        ("price", goods.variants.iter().any(|variant| variant.price.is_absent())),
    ]
    .into_iter()
    .filter_map(|(column, absent)| absent.then_some(column))
    .collect()
}

/// Why one SKU cannot be as the file and the database together say.
fn sku_fault(cells: &VariantCells, row: &VariantRow, product: &ProductRow, before: Before) -> Option<String> {
    if cells.price.is_absent() && before.variant(&cells.sku).is_none() {
        return Some(format!("sku {} is new; add the column price", cells.sku));
    }
    for (no, (axis, option)) in (1..).zip(axes(product).iter().zip(options(row))) {
        let given = !cells.options[no - 1].is_absent();
        match (axis.is_empty(), option.is_empty()) {
            (false, true) if given => {
                return Some(format!("option{no}_ja is empty although the product has the option \"{}\"", axis.ja));
            }
            (false, true) => {
                return Some(format!(
                    "the product has the option \"{}\"; add the columns option{no}_ja, option{no}_en",
                    cells::short(&axis.ja)
                ));
            }
            (true, false) if given => {
                return Some(format!(
                    "option{no}_ja is given although the product has no such option; name it in option{no}_name_ja"
                ));
            }
            (true, false) => {
                return Some(format!(
                    "option{no}_name_ja is empty although sku {} is \"{}\"; name the option, or add the columns option{no}_ja, option{no}_en",
                    cells.sku,
                    cells::short(&option.ja)
                ));
            }
            _ => {}
        }
    }
    let compare_at = row.compare_at.filter(|compare_at| *compare_at <= row.price)?;
    Some(if cells.compare_at.is_absent() {
        format!(
            "price {} is not below compare_at {compare_at}, which the shop holds; add the column compare_at",
            row.price
        )
    } else {
        "compare_at must be higher than price, or empty".to_owned()
    })
}

/// The option axes of a product.
pub fn axes(product: &ProductRow) -> [Text; 3] {
    [
        Text::new(&product.option1_name_ja, &product.option1_name_en),
        Text::new(&product.option2_name_ja, &product.option2_name_en),
        Text::new(&product.option3_name_ja, &product.option3_name_en),
    ]
}

/// What a SKU is on each axis.
pub fn options(variant: &VariantRow) -> [Text; 3] {
    [
        Text::new(&variant.option1_ja, &variant.option1_en),
        Text::new(&variant.option2_ja, &variant.option2_en),
        Text::new(&variant.option3_ja, &variant.option3_en),
    ]
}

/// The product after the import, whose SKUs will be `variants`.
pub fn product_row(
    id: i64,
    category_id: i64,
    goods: &Goods,
    before: Option<&ProductRow>,
    variants: &[VariantRow],
) -> ProductRow {
    let mut row = before.cloned().unwrap_or_else(|| ProductRow { state: "active".to_owned(), ..ProductRow::default() });
    row.id = id;
    row.slug.clone_from(&goods.slug);
    row.category_id = category_id;
    let texts = [
        (&goods.state, &mut row.state),
        (&goods.name.ja, &mut row.name_ja),
        (&goods.name.en, &mut row.name_en),
        (&goods.summary.ja, &mut row.summary_ja),
        (&goods.summary.en, &mut row.summary_en),
        (&goods.text.ja, &mut row.text_ja),
        (&goods.text.en, &mut row.text_en),
        (&goods.details.ja, &mut row.details_ja),
        (&goods.details.en, &mut row.details_en),
        (&goods.brand, &mut row.brand),
        (&goods.search_words, &mut row.search_words),
        (&goods.tax, &mut row.tax_class),
    ];
    for (cell, field) in texts {
        cell.put_into(field);
    }
    let names = [
        (&mut row.option1_name_ja, &mut row.option1_name_en),
        (&mut row.option2_name_ja, &mut row.option2_name_en),
        (&mut row.option3_name_ja, &mut row.option3_name_en),
    ];
    for (cell, (ja, en)) in goods.axes.iter().zip(names) {
        if let Some(name) = cell.given() {
            ja.clone_from(&name.ja);
            en.clone_from(&name.en);
        }
    }
    let any_active = variants.iter().any(|variant| variant.state == "active");
    let prices =
        || variants.iter().filter(|variant| !any_active || variant.state == "active").map(|variant| variant.price);
    row.price_min = prices().min().unwrap_or_default();
    row.price_max = prices().max().unwrap_or_default();
    row
}

/// A SKU after the import; its product, place and picture are for the caller.
fn variant_row(id: i64, cells: &VariantCells, before: Option<&VariantRow>) -> VariantRow {
    let mut row = before.cloned().unwrap_or_else(|| VariantRow { state: "active".to_owned(), ..VariantRow::default() });
    row.id = id;
    row.sku.clone_from(&cells.sku);
    cells.state.put_into(&mut row.state);
    cells.price.put_into(&mut row.price);
    cells.compare_at.put_into(&mut row.compare_at);
    cells.weight_g.put_into(&mut row.weight_g);
    let values = [
        (&mut row.option1_ja, &mut row.option1_en),
        (&mut row.option2_ja, &mut row.option2_en),
        (&mut row.option3_ja, &mut row.option3_en),
    ];
    for (cell, (ja, en)) in cells.options.iter().zip(values) {
        if let Some(value) = cell.given() {
            ja.clone_from(&value.ja);
            en.clone_from(&value.en);
        }
    }
    row
}

/// The SKUs after the import. Their order is the file's when it lists all of them with what they
/// are; a file of prices, or of some SKUs only, leaves each in its place and puts new ones behind.
pub fn variant_rows(id: i64, goods: &Goods, before: Before, pictures: &[PictureRow], ids: &mut Ids) -> Vec<VariantRow> {
    let mut rows: Vec<VariantRow> = goods
        .variants
        .iter()
        .map(|cells| {
            let held = before.variant(&cells.sku);
            let number = held.map(|row| row.id).or_else(|| ids.variant.next()).unwrap_or_default();
            let mut row = variant_row(number, cells, held);
            row.product_id = id;
            if goods.says_own {
                let own = cells.picture.and_then(|at| goods.pictures.get(at));
                row.picture_id = own.and_then(|own| id_of(pictures, &own.source.hash));
            }
            row
        })
        .collect();
    let says_options = goods.variants.iter().any(|cells| cells.options.iter().any(|option| !option.is_absent()));
    let place = |row: &VariantRow| before.variants.iter().position(|held| held.sku == row.sku);
    let outside: Vec<VariantRow> =
        before.variants.iter().filter(|held| !rows.iter().any(|row| row.sku == held.sku)).cloned().collect();
    if !says_options || !outside.is_empty() {
        rows.extend(outside);
        rows.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
    }
    for (position, row) in (0..).zip(&mut rows) {
        row.position = position;
    }
    rows
}

fn id_of(pictures: &[PictureRow], hash: &str) -> Option<i64> {
    pictures.iter().find(|row| row.hash == hash).map(|row| row.id)
}

/// The pictures after the import. When the file says everything of them, they are those of the file
/// in its order, and after them those that only SKUs outside it show. Otherwise the held ones stay
/// where they are as far as the file does not speak of them; a SKU's new picture takes the place of
/// its old one.
pub fn picture_rows(id: i64, goods: &Goods, before: Before, ids: &mut Ids) -> Vec<PictureRow> {
    let of_file: Vec<PictureRow> = goods
        .pictures
        .iter()
        .map(|picture| PictureRow {
            id: id_of(before.pictures, &picture.source.hash).or_else(|| ids.picture.next()).unwrap_or_default(),
            product_id: id,
            position: 0,
            hash: picture.source.hash.clone(),
            width: i64::from(picture.source.width),
            height: i64::from(picture.source.height),
            alt_ja: picture.alt.ja.clone(),
            alt_en: picture.alt.en.clone(),
        })
        .collect();
    let mut rows = before.pictures.to_vec();
    if goods.says_own && goods.says_more {
        rows.retain(|held| stays(held, goods, before) && id_of(&of_file, &held.hash).is_none());
        rows.splice(0..0, of_file);
    } else {
        for (at, new) in of_file.into_iter().enumerate() {
            if let Some(held) = rows.iter_mut().find(|row| row.hash == new.hash) {
                *held = new;
                continue;
            }
            let shown_by = goods.variants.iter().find(|cells| cells.picture == Some(at));
            let old = shown_by.and_then(|cells| before.variant(&cells.sku)?.picture_id);
            let place = old.and_then(|old| rows.iter().position(|row| row.id == old)).unwrap_or(rows.len());
            rows.insert(place, new);
        }
        let named = |row: &PictureRow| goods.pictures.iter().any(|picture| picture.source.hash == row.hash);
        rows.retain(|row| named(row) || stays(row, goods, before));
    }
    for (position, row) in (0..).zip(&mut rows) {
        row.position = position;
    }
    rows
}

/// Whether a picture that the file does not name stays: when a SKU goes on showing it, or when it is
/// one of those beside the SKUs' own and the file does not speak of these.
fn stays(held: &PictureRow, goods: &Goods, before: Before) -> bool {
    let mut shown = before.variants.iter().filter(|row| row.picture_id == Some(held.id)).peekable();
    if shown.peek().is_none() {
        return !goods.says_more;
    }
    shown.any(|row| !goods.says_own || !goods.variants.iter().any(|cells| cells.sku == row.sku))
}
