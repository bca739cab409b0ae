//! A category: its goods, narrowed and sorted, and what it can be narrowed by.

use std::collections::BTreeMap;

use noren_domain::catalogue::{CategoryPage, Crumb, Facet, FacetValue, Filter, Listing, PAGE_SIZE, ProductCard, Sort};
use noren_domain::{Lang, Yen};

use super::CatalogueError;
use super::rows::CardRow;
use super::sql::{Arg, CARD_PICTURE, Sql, by_lang, card_columns};
use crate::db::Conn;
use crate::{Shop, fetch_all, fetch_optional};

/// Values of one facet that are offered; the rest is found by narrowing otherwise.
const VALUES_SHOWN: usize = 40;

#[derive(Debug, sqlx::FromRow)]
struct CategoryRow {
    id: i64,
    slug: String,
    name: String,
    text: String,
    parent_slug: Option<String>,
    parent_name: Option<String>,
}

#[derive(Debug, sqlx::FromRow)]
struct FacetRow {
    facet: String,
    value: String,
    facet_words: String,
    value_words: String,
    n: i64,
}

/// The category `slug` as `filter` asks for it; `None`: there is no such category.
pub async fn category(
    shop: &Shop,
    lang: Lang,
    slug: &str,
    mut filter: Filter,
) -> Result<Option<CategoryPage>, CatalogueError> {
    let conn = &mut shop.db.read().await?;
    let sql = by_lang!(
        lang,
        "SELECT c.id, c.slug, c.name_",
        " AS name, c.text_",
        " AS text, u.slug AS parent_slug, u.name_",
        " AS parent_name FROM category c LEFT JOIN category u ON u.id = c.parent_id WHERE c.slug = $1"
    );
    let Some(category) = fetch_optional!(conn, CategoryRow, sql, slug).await? else { return Ok(None) };
    let sql = by_lang!(lang, "SELECT slug, name_", " AS name FROM category WHERE parent_id = $1 ORDER BY position, id");
    let children: Vec<(String, String)> = fetch_all!(conn, (String, String), sql, category.id).await?;
    let place = Place { category: category.id, leaf: children.is_empty() };

    let (all, in_stock) = counts(conn, place, &filter).await?;
    let total = if filter.in_stock { in_stock } else { all };
    let pages = Listing::pages_of(total);
    filter.page = filter.page.min(pages);
    let cards = cards(conn, lang, place, &filter).await?;
    let facets = facets(conn, lang, place, &filter).await?;
    Ok(Some(CategoryPage {
        slug: category.slug,
        name: category.name,
        text: category.text,
        crumbs: category
            .parent_slug
            .zip(category.parent_name)
            .map(|(slug, name)| Crumb { slug, name })
            .into_iter()
            .collect(),
        children: children.into_iter().map(|(slug, name)| Crumb { slug, name }).collect(),
        facets,
        in_stock,
        listing: Listing { cards, total, page: filter.page, pages },
        filter,
    }))
}

/// A category with the categories in it.
#[derive(Clone, Copy)]
struct Place {
    category: i64,
    leaf: bool,
}

impl Place {
    /// Adds ` = $n`, or for a category with children the set of them. Equality keeps lists in
    /// the order of an index.
    fn narrow(self, sql: &mut Sql) {
        if self.leaf {
            sql.add(" = ").bind(Arg::Int(self.category));
        } else {
            sql.add(" IN (SELECT id FROM category WHERE ").bind(Arg::Int(self.category)).add(" IN (id, parent_id))");
        }
    }

    /// Adds `FROM product p WHERE …` for all that `filter` leaves, `but` for one facet's choice.
    fn matching(self, sql: &mut Sql, filter: &Filter, but: Option<&str>, in_stock: bool) {
        sql.add(" FROM product p WHERE p.category_id");
        self.narrow(sql);
        sql.add(" AND p.state = 'active'");
        if in_stock {
            sql.add(" AND p.in_stock");
        }
        if let Some(Yen(from)) = filter.from {
            sql.add(" AND p.price_max >= ").bind(Arg::Int(from));
        }
        if let Some(Yen(to)) = filter.to {
            sql.add(" AND p.price_min <= ").bind(Arg::Int(to));
        }
        for (facet, values) in &filter.facets {
            if but == Some(facet) {
                continue;
            }
            sql.add(" AND p.id IN (SELECT x.product_id FROM product_facet x WHERE x.category_id");
            self.narrow(sql);
            sql.add(" AND x.facet = ")
                .bind(Arg::Text(facet.clone()))
                .add(" AND x.value IN ")
                .bind_texts(values)
                .add(")");
        }
    }
}

/// How many products match, and how many of them are in stock (whether or not that is asked for).
async fn counts(conn: &mut Conn, place: Place, filter: &Filter) -> Result<(u64, u64), sqlx::Error> {
    let mut sql = Sql::new("SELECT COUNT(*), COALESCE(SUM(CASE WHEN p.in_stock THEN 1 ELSE 0 END), 0)");
    place.matching(&mut sql, filter, None, false);
    let (all, in_stock): (i64, i64) = sql.one(conn).await?;
    Ok((all.unsigned_abs(), in_stock.unsigned_abs()))
}

/// The goods on the page that `filter` asks for. Ids come first, from an index alone.
async fn cards(conn: &mut Conn, lang: Lang, place: Place, filter: &Filter) -> Result<Vec<ProductCard>, sqlx::Error> {
    let order = match filter.sort {
        Sort::Recommended => " ORDER BY p.id",
        Sort::New => " ORDER BY p.created_at DESC, p.id DESC",
        Sort::Price => " ORDER BY p.price_min, p.id",
        Sort::PriceDown => " ORDER BY p.price_min DESC, p.id DESC",
    };
    let mut sql = Sql::new("SELECT ");
    sql.add(card_columns(lang)).add("FROM product p").add(CARD_PICTURE).add("WHERE p.id IN (SELECT p.id");
    place.matching(&mut sql, filter, None, filter.in_stock);
    sql.add(order).add(" LIMIT ").bind(Arg::Int(i64::from(PAGE_SIZE)));
    sql.add(" OFFSET ").bind(Arg::Int(i64::from(PAGE_SIZE) * (i64::from(filter.page) - 1))).add(")").add(order);
    let rows: Vec<CardRow> = sql.all(conn).await?;
    Ok(rows.into_iter().map(ProductCard::from).collect())
}

/// Every facet with its values and how many products each would leave. The counts of a facet
/// ignore what is chosen in it: choosing one more value can only add.
async fn facets(conn: &mut Conn, lang: Lang, place: Place, filter: &Filter) -> Result<Vec<Facet>, sqlx::Error> {
    let mut sql = Sql::new(by_lang!(
        lang,
        "SELECT g.facet, g.value, w.facet_",
        " AS facet_words, w.value_",
        " AS value_words, g.n FROM ("
    ));
    count_facets(&mut sql, place, filter, None);
    for chosen in filter.facets.keys() {
        sql.add(" UNION ALL ");
        count_facets(&mut sql, place, filter, Some(chosen));
    }
    sql.add(") g JOIN product_facet w ON w.product_id = g.sample AND w.facet = g.facet AND w.value = g.value");
    let rows: Vec<FacetRow> = sql.all(conn).await?;
    Ok(arrange(rows, filter))
}

/// Counts by value: one facet that is `chosen`, or all that are not.
fn count_facets(sql: &mut Sql, place: Place, filter: &Filter, chosen: Option<&str>) {
    sql.add(
        "SELECT f.facet, f.value, COUNT(*) AS n, MIN(f.product_id) AS sample FROM product_facet f WHERE f.category_id",
    );
    place.narrow(sql);
    match chosen {
        Some(facet) => {
            sql.add(" AND f.facet = ").bind(Arg::Text(facet.to_owned()));
        }
        None if !filter.facets.is_empty() => {
            sql.add(" AND f.facet NOT IN ").bind_texts(filter.facets.keys());
        }
        None => {}
    }
    sql.add(" AND f.product_id IN (SELECT p.id");
    place.matching(sql, filter, chosen, filter.in_stock);
    sql.add(") GROUP BY f.facet, f.value");
}

fn arrange(rows: Vec<FacetRow>, filter: &Filter) -> Vec<Facet> {
    let mut facets: BTreeMap<String, Facet> = BTreeMap::new();
    for row in rows {
        let facet = facets.entry(row.facet.clone()).or_insert_with(|| Facet {
            key: row.facet.clone(),
            words: row.facet_words,
            values: Vec::new(),
        });
        let chosen = filter.has(&row.facet, &row.value);
        facet.values.push(FacetValue { value: row.value, words: row.value_words, count: row.n.unsigned_abs(), chosen });
    }
    // A chosen value that nothing matches any more must stay, or nobody could take it back.
    for (key, values) in &filter.facets {
        let facet = facets.entry(key.clone()).or_insert_with(|| Facet {
            key: key.clone(),
            words: key.clone(),
            values: Vec::new(),
        });
        for value in values {
            if !facet.values.iter().any(|known| known.value == *value) {
                facet.values.push(FacetValue { value: value.clone(), words: value.clone(), count: 0, chosen: true });
            }
        }
    }
    let mut facets: Vec<Facet> = facets.into_values().collect();
    for facet in &mut facets {
        facet.values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.words.cmp(&b.words)));
        let mut kept = 0;
        facet.values.retain(|value| {
            kept += 1;
            kept <= VALUES_SHOWN || value.chosen
        });
    }
    // The maker last: what a thing looks like comes before who made it.
    facets.sort_by_key(|facet| facet.key == "brand");
    facets
}
