//! Finding goods by words, with the same results on both databases.
//!
//! Each gram of [`noren_domain::search`] is stored up to three times, marked by where it stands:
//! `n` in the name, `h` in name, brand, category, options or SKU, `t` anywhere. Hits in names come
//! before hits in heads, those before hits in texts, and within each the products in the order of
//! their ids: an order that `bm25` and `ts_rank`, which differ, could not give.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use noren_domain::Lang;
use noren_domain::catalogue::FOUND_MAX;
use noren_domain::search::{self, Part, Suggestion, grams, grams_of};

use crate::db::{Conn, Dialect, Raw};
use crate::{execute, fetch_all};

/// The texts that a product is found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its name, in both languages, and what people call it besides.
    pub name: String,
    /// Brand, category and what people call that besides, options, SKUs.
    pub head: String,
    /// Everything else that is said about it, without markup.
    pub body: String,
}

impl Document {
    /// Its marked grams, sorted, none twice.
    pub fn grams(&self) -> Vec<String> {
        let parts = [
            (grams(&self.name), &["n", "h", "t"][..]),
            (grams(&self.head), &["h", "t"]),
            (grams_of(&self.body, Part::Body), &["t"]),
        ];
        let mut marked = Vec::with_capacity(parts.iter().map(|(grams, marks)| grams.len() * marks.len()).sum());
        for (grams, marks) in &parts {
            for gram in grams {
                marked.extend(marks.iter().map(|mark| [mark, gram.as_str()].concat()));
            }
        }
        marked.sort_unstable();
        marked.dedup();
        marked
    }
}

/// A page of results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The products of this page, best first. All of them are active.
    pub ids: Vec<i64>,
    /// How many products there are on all pages, at most [`FOUND_MAX`].
    pub total: i64,
    /// There are more than that.
    pub more: bool,
    /// Nothing answers the whole query: these come near it.
    pub near: bool,
}

/// Suggestions shown at once, at most.
const SUGGESTIONS: usize = 8;
/// Results counted, at most.
const MOST: i64 = FOUND_MAX as i64;
/// Near matches offered, at most.
const NEAR: i64 = 24;

/// The products that answer `query`, from `offset`, at most `limit`, none beyond [`FOUND_MAX`]. When there is none, those that
/// share at least half of its grams, most shared first.
pub async fn find(conn: &mut Conn, query: &str, limit: i64, offset: i64) -> Result<Found, sqlx::Error> {
    let asked = search::asked(query);
    if asked.is_empty() || limit <= 0 {
        return Ok(Found::default());
    }
    let dialect = conn.dialect();
    let total = count(conn, &all_of('t', &asked, dialect)).await?;
    let (total, more) = (total.min(MOST), total > MOST);
    if total == 0 {
        let ids = near(conn, query).await?;
        let total = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let page = ids.into_iter().skip(usize::try_from(offset).unwrap_or(0)).take(usize::try_from(limit).unwrap_or(0));
        return Ok(Found { ids: page.collect(), total, more: false, near: total > 0 });
    }
    // Three rings, each without the one inside it: names, heads, texts. No sorting: each comes in
    // the order of ids from the index.
    let (name, head, text) = (all_of('n', &asked, dialect), all_of('h', &asked, dialect), all_of('t', &asked, dialect));
    let rings = [name.clone(), but_not(&head, &name, dialect), but_not(&text, &head, dialect)];
    let offset = offset.max(0);
    let (mut ids, mut skip, mut want) = (Vec::new(), offset, limit.min(total - offset));
    for (at, ring) in rings.iter().enumerate() {
        if want <= 0 {
            break;
        }
        let hits = matching(conn, ring, want, skip).await?;
        let got = i64::try_from(hits.len()).unwrap_or(i64::MAX);
        ids.extend(hits);
        want -= got;
        if at + 1 == rings.len() {
            break;
        }
        skip = if got > 0 { 0 } else { (skip - size(conn, ring).await?).max(0) };
    }
    Ok(Found { ids, total, more, near: false })
}

/// What to offer while somebody types: categories first, then products, at most eight.
pub async fn suggest(conn: &mut Conn, typed: &str, lang: Lang) -> Result<Vec<Suggestion>, sqlx::Error> {
    let asked = search::asked(typed);
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut offered = Vec::new();
    let categories = fetch_all!(
        conn,
        (String, String, String, String),
        "SELECT slug, name_ja, name_en, search_words FROM category ORDER BY position, id"
    )
    .await?;
    for (slug, ja, en, words) in categories {
        let name = lang.pick(ja, en);
        let has = grams(&[name.as_str(), &words].join("\n"));
        if asked.iter().all(|gram| has.contains(gram)) {
            offered.push(Suggestion { text: name, path: format!("/c/{slug}") });
        }
    }
    let wanted = all_of('n', &asked, conn.dialect());
    // More than are shown, since different goods may be called alike.
    let ids = matching(conn, &wanted, 3 * i64::try_from(SUGGESTIONS).unwrap_or(8), 0).await?;
    for (slug, ja, en) in names(conn, &ids).await? {
        let text = lang.pick(ja, en);
        if !offered.iter().any(|other| other.text == text) {
            offered.push(Suggestion { text, path: format!("/p/{slug}") });
        }
    }
    offered.truncate(SUGGESTIONS);
    Ok(offered)
}

/// Slug and names of the products `ids`, in the order of their numbers.
async fn names(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(String, String, String)>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    match conn.raw() {
        Raw::Sqlite(conn) => {
            let sql =
                "SELECT slug, name_ja, name_en FROM product WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id";
            let ids = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            sqlx::query_as(sql).bind(format!("[{ids}]")).fetch_all(conn).await
        }
        Raw::Postgres(conn) => {
            let sql = "SELECT slug, name_ja, name_en FROM product WHERE id = ANY($1) ORDER BY id";
            sqlx::query_as(sql).bind(ids).fetch_all(conn).await
        }
    }
}

/// Makes the product `id` found by `document`, and by nothing else; by nothing at all when it is `None`.
pub async fn index(conn: &mut Conn, id: i64, document: Option<&Document>) -> Result<(), sqlx::Error> {
    let delete = match conn.dialect() {
        Dialect::Sqlite => "DELETE FROM product_search WHERE rowid = $1",
        Dialect::Postgres => "DELETE FROM product_search WHERE product_id = $1",
    };
    execute!(conn, delete, id).await?;
    if let Some(document) = document {
        let insert = match conn.dialect() {
            Dialect::Sqlite => "INSERT INTO product_search (rowid, grams) VALUES ($1, $2)",
            Dialect::Postgres => "INSERT INTO product_search (product_id, grams) VALUES ($1, $2::text::tsvector)",
        };
        execute!(conn, insert, id, document.grams().join(" ")).await?;
    }
    Ok(())
}

/// Grams hold only a–z and 0–9, so they need no quotes in either query language.
fn all_of(mark: char, grams: &[String], dialect: Dialect) -> String {
    let marked: Vec<String> = grams.iter().map(|gram| format!("{mark}{gram}")).collect();
    marked.join(match dialect {
        Dialect::Sqlite => " AND ",
        Dialect::Postgres => " & ",
    })
}

fn but_not(wanted: &str, unwanted: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => format!("({wanted}) NOT ({unwanted})"),
        Dialect::Postgres => format!("({wanted}) & !({unwanted})"),
    }
}

/// How many products a ring has, counted up to [`MOST`].
async fn size(conn: &mut Conn, ring: &str) -> Result<i64, sqlx::Error> {
    Ok(i64::try_from(matching(conn, ring, MOST, 0).await?.len()).unwrap_or(MOST))
}

/// How many products match, counted up to one more than [`MOST`].
async fn count(conn: &mut Conn, wanted: &str) -> Result<i64, sqlx::Error> {
    let counted: Vec<(i64,)> = match conn.raw() {
        Raw::Sqlite(conn) => {
            let sql = "SELECT count(*) FROM (SELECT rowid FROM product_search WHERE product_search MATCH $1 LIMIT $2)";
            sqlx::query_as(sql).bind(wanted).bind(MOST + 1).fetch_all(conn).await?
        }
        Raw::Postgres(conn) => {
            let sql = "SELECT search_count($1, $2)";
            sqlx::query_as(sql).bind(wanted).bind(MOST + 1).persistent(false).fetch_all(conn).await?
        }
    };
    Ok(counted.first().map_or(0, |(count,)| *count))
}

/// The numbers of the products that match, in their order. On PostgreSQL all hits are taken from the
/// index (`search_hits`) before they are put in order: what is in few heads and many names is rare among the products,
/// which its planner cannot know, and it would rather read the grams of every product until it has
/// enough: 0.5 s instead of 0.3 ms in a shop of 100,000.
async fn matching(conn: &mut Conn, wanted: &str, limit: i64, offset: i64) -> Result<Vec<i64>, sqlx::Error> {
    let rows: Vec<(i64,)> = match conn.raw() {
        Raw::Sqlite(conn) => {
            let sql =
                "SELECT rowid FROM product_search WHERE product_search MATCH $1 ORDER BY rowid LIMIT $2 OFFSET $3";
            sqlx::query_as(sql).bind(wanted).bind(limit).bind(offset).fetch_all(conn).await?
        }
        Raw::Postgres(conn) => {
            let sql = "SELECT hit FROM search_hits($1) AS hit ORDER BY hit LIMIT $2 OFFSET $3";
            sqlx::query_as(sql).bind(wanted).bind(limit).bind(offset).persistent(false).fetch_all(conn).await?
        }
    };
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Counted gram by gram, among the first thousand products that have each in name or head.
async fn near(conn: &mut Conn, query: &str) -> Result<Vec<i64>, sqlx::Error> {
    let grams = search::near(query);
    let mut shared: BTreeMap<i64, usize> = BTreeMap::new();
    for gram in &grams {
        for id in matching(conn, &format!("h{gram}"), 1_000, 0).await? {
            *shared.entry(id).or_default() += 1;
        }
    }
    let mut ranked: Vec<(i64, usize)> = shared.into_iter().filter(|(_, shared)| shared * 2 >= grams.len()).collect();
    ranked.sort_by_key(|(id, shared)| (Reverse(*shared), *id));
    ranked.truncate(usize::try_from(NEAR).unwrap_or(24));
    Ok(ranked.into_iter().map(|(id, _)| id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestShop;
    use crate::{fetch_one, on_both_databases};

    async fn stocked(shop: &TestShop) {
        crate::sample::stock_from(shop, std::path::Path::new("../../sample")).await.unwrap();
    }

    async fn slugs(shop: &TestShop, query: &str) -> (Vec<String>, bool) {
        let mut conn = shop.db.read().await.unwrap();
        let found = find(&mut conn, query, 5, 0).await.unwrap();
        let mut slugs = Vec::new();
        for id in &found.ids {
            slugs.push(fetch_one!(conn, (String,), "SELECT slug FROM product WHERE id = $1", *id).await.unwrap().0);
        }
        (slugs, found.near)
    }

    on_both_databases!(goods_are_found_in_either_language_and_names_come_first(shop) {
        stocked(&shop).await;
        for query in ["青海波", "seigaiha", "ＳＥＩＧＡＩＨＡ", "手ぬぐい 青海波", "TG-SGH-AI"] {
            let (slugs, near) = slugs(&shop, query).await;
            assert_eq!((slugs.first().map(String::as_str), near), (Some("tenugui-seigaiha"), false), "{query}");
        }
    });

    on_both_databases!(goods_are_found_by_their_readings_other_spellings_and_other_names(shop) {
        stocked(&shop).await;
        for (query, expected) in [
            ("せいがいは", "tenugui-seigaiha"),
            ("てぬぐい いちまつ", "tenugui-ichimatsu"),
            ("手拭い 豆しぼり", "tenugui-mameshibori"),
            ("ふろしき リバーシブル", "furoshiki-reversible"),
            ("ストライプ のれん", "noren-shima"),
            ("マスキングテープ", "washi-tape"),
            ("ほうちょう", "santoku-knife"),
            ("hot pot", "donabe"),
        ] {
            let (slugs, near) = slugs(&shop, query).await;
            assert_eq!((slugs.first().map(String::as_str), near), (Some(expected), false), "{query}");
        }
        let mut conn = shop.db.read().await.unwrap();
        for words in ["手拭い", "ふろしき", "のれん", "うつわ", "キッチン"] {
            let found = find(&mut conn, words, 1, 0).await.unwrap();
            assert!(found.total >= 8 && !found.near, "{words} finds the eight of its category, not {}", found.total);
        }
        assert_eq!(suggest(&mut conn, "てぬ", Lang::Ja).await.unwrap()[0].text, "手ぬぐい", "a category by its reading");
        assert_eq!(suggest(&mut conn, "ようかん", Lang::Ja).await.unwrap()[0].path, "/p/yokan");
    });

    on_both_databases!(a_slip_finds_what_comes_near_and_nonsense_finds_nothing(shop) {
        stocked(&shop).await;
        let (slugs, near) = slugs(&shop, "tenugi").await;
        assert!(near && slugs[0].starts_with("tenugui"), "{slugs:?}");
        let mut conn = shop.db.read().await.unwrap();
        for query in ["", "!!", "qqqqqqq", "qqq' OR 1=1 --", "\" * NEARQQ(", "qqq & !qqq | qqq:*"] {
            assert_eq!(find(&mut conn, query, 5, 0).await.unwrap(), Found::default(), "{query}");
        }
    });

    on_both_databases!(pages_of_results_follow_each_other_without_gap_or_repeat(shop) {
        stocked(&shop).await;
        let mut conn = shop.db.read().await.unwrap();
        for query in ["藍", "布", "tea", "て"] {
            let all = find(&mut conn, query, 200, 0).await.unwrap();
            assert_eq!(i64::try_from(all.ids.len()).unwrap(), all.total, "{query}");
            let mut paged = Vec::new();
            loop {
                let page = find(&mut conn, query, 3, i64::try_from(paged.len()).unwrap()).await.unwrap().ids;
                if page.is_empty() {
                    break;
                }
                paged.extend(page);
            }
            assert_eq!(paged, all.ids, "{query}");
        }
    });

    on_both_databases!(more_than_a_thousand_results_are_counted_and_shown_up_to_a_thousand(shop) {
        let mut tx = shop.db.write().await.unwrap();
        for id in 1..=i64::from(FOUND_MAX) + 30 {
            crate::testing::goods::bare(&mut tx, id).await;
            let document = Document { name: if id % 3 == 0 { "青い布" } else { "布" }.into(), ..Document::default() };
            index(&mut tx, id, Some(&document)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut conn = shop.db.read().await.unwrap();
        let first = find(&mut conn, "布", 24, 0).await.unwrap();
        assert_eq!((first.total, first.more, first.ids), (1_000, true, (1..=24).collect()));
        let last = find(&mut conn, "布", 24, 984).await.unwrap();
        assert_eq!(last.ids, (985..=1_000).collect::<Vec<i64>>(), "a page beyond the count would promise nothing");
        assert!(find(&mut conn, "布", 24, 1_008).await.unwrap().ids.is_empty());
        let fewer = find(&mut conn, "青", 24, 0).await.unwrap();
        assert_eq!((fewer.total, fewer.more), (343, false), "an exact count up to a thousand");
    });

    on_both_databases!(typing_offers_categories_then_products_in_the_language_of_the_page(shop) {
        stocked(&shop).await;
        let mut conn = shop.db.read().await.unwrap();
        let offered = suggest(&mut conn, "tenu", Lang::En).await.unwrap();
        assert_eq!(offered[0], Suggestion { text: "Tenugui".into(), path: "/c/tenugui".into() });
        assert!(offered.len() > 1 && offered.len() <= 8 && offered[1].path.starts_with("/p/tenugui-"));
        assert_eq!(suggest(&mut conn, "手ぬ", Lang::Ja).await.unwrap()[0].path, "/c/tenugui");
    });

    on_both_databases!(goods_called_alike_are_offered_once_and_the_first_numbers_first(shop) {
        let mut tx = shop.db.write().await.unwrap();
        for id in 1..=30i64 {
            crate::testing::goods::bare(&mut tx, id).await;
            let name = format!("布 {}", id.min(3) + if id > 20 { id } else { 0 });
            execute!(tx, "UPDATE product SET slug = $2, name_ja = $3, name_en = $3 WHERE id = $1", id, format!("s{id}"), &name).await.unwrap();
            index(&mut tx, id, Some(&Document { name, ..Document::default() })).await.unwrap();
        }
        tx.commit().await.unwrap();
        let offered = suggest(&mut shop.db.read().await.unwrap(), "布", Lang::Ja).await.unwrap();
        let paths: Vec<_> = offered.iter().map(|suggestion| suggestion.path.as_str()).collect();
        assert_eq!(paths, ["/p/s1", "/p/s2", "/p/s3", "/p/s21", "/p/s22", "/p/s23", "/p/s24"], "of the first 24");
    });
}
