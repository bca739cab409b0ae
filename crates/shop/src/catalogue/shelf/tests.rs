use noren_domain::Yen;
use noren_domain::catalogue::{Filter, Listing, PAGE_SIZE, Sort};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::db::Conn;
use crate::testing::TestShop;
use crate::{execute, fetch_all, on_both_databases};

/// A product as a test wants it.
#[derive(Clone, Debug)]
struct Wish {
    category: i64,
    state: &'static str,
    price: (i64, i64),
    in_stock: bool,
    created_at: i64,
    colours: BTreeSet<u8>,
    maker: Option<u8>,
}

fn wish() -> impl Strategy<Value = Wish> {
    (
        1..=4i64,
        prop_oneof![4 => Just("active"), 1 => Just("draft")],
        (1..=9i64, 0..=3i64),
        any::<bool>(),
        1..=4i64,
        prop::collection::btree_set(0..4u8, 0..3),
        prop::option::of(0..3u8),
    )
        .prop_map(|(category, state, (low, more), in_stock, created_at, colours, maker)| Wish {
            category,
            state,
            price: (low * 100, (low + more) * 100),
            in_stock,
            created_at,
            colours,
            maker,
        })
}

fn filter() -> impl Strategy<Value = Filter> {
    let price = || prop::option::of((0..=10i64).prop_map(|n| Yen(n * 100)));
    (
        prop::option::of(prop::collection::btree_set(0..5u8, 1..3)),
        prop::option::of(prop::collection::btree_set(0..4u8, 1..3)),
        price(),
        price(),
        any::<bool>(),
        0..4usize,
        1..4u32,
    )
        .prop_map(|(colours, makers, from, to, in_stock, sort, page)| {
            let mut filter = Filter { from, to, in_stock, sort: Sort::ALL[sort], page, ..Filter::default() };
            filter
                .facets
                .extend(colours.map(|set| ("colour".to_owned(), set.iter().map(|c| format!("c{c}")).collect())));
            filter.facets.extend(makers.map(|set| ("brand".to_owned(), set.iter().map(|c| format!("m{c}")).collect())));
            filter
        })
}

/// Puts a product in, or in the place of what had its number.
async fn put(shop: &TestShop, id: i64, wish: &Wish) {
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO product (id, slug, category_id, state, name_ja, name_en, summary_ja, summary_en, text_ja, text_en, details_ja, details_en, \
         brand, tax_class, option1_name_ja, option1_name_en, option2_name_ja, option2_name_en, option3_name_ja, option3_name_en, \
         price_min, price_max, in_stock, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, '', '', '', '', '', '', '', '', '', 'standard', '', '', '', '', '', '', $5, $6, $7, $8, 0) \
         ON CONFLICT (id) DO UPDATE SET category_id = excluded.category_id, state = excluded.state, price_min = excluded.price_min, \
         price_max = excluded.price_max, in_stock = excluded.in_stock, created_at = excluded.created_at",
        id,
        format!("p{id}"),
        wish.category,
        wish.state,
        wish.price.0,
        wish.price.1,
        wish.in_stock,
        wish.created_at
    )
    .await
    .unwrap();
    execute!(tx, "DELETE FROM product_facet WHERE product_id = $1", id).await.unwrap();
    let colours = wish.colours.iter().map(|c| ("colour", format!("c{c}")));
    for (facet, value) in colours.chain(wish.maker.map(|m| ("brand", format!("m{m}")))) {
        execute!(
            tx,
            "INSERT INTO product_facet (product_id, category_id, facet, value, facet_ja, facet_en, value_ja, value_en) VALUES ($1, $2, $3, $4, $3, $3, $4, $4)",
            id,
            wish.category,
            facet,
            value
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

/// The same list by plain SQL, every row visited: what the shelf must agree with.
async fn plain(conn: &mut Conn, categories: &[i64], filter: &Filter) -> Answer {
    let ids = scan(conn, categories, filter, None, filter.in_stock).await;
    let in_stock = scan(conn, categories, filter, None, true).await.len() as u64;
    let total = ids.len() as u64;
    let page = filter.page.min(Listing::pages_of(total));
    let mut facets = Vec::new();
    for facet in ["brand", "colour"] {
        let among = scan(conn, categories, filter, Some(facet), filter.in_stock).await;
        let mut counts = BTreeMap::<String, u64>::new();
        for id in among {
            let values = fetch_all!(
                conn,
                (String,),
                "SELECT value FROM product_facet WHERE product_id = $1 AND facet = $2",
                id,
                facet
            );
            for (value,) in values.await.unwrap() {
                *counts.entry(value).or_default() += 1;
            }
        }
        facets.extend(counts.into_iter().map(|(value, count)| Counted {
            facet: facet.to_owned(),
            facet_words: facet.to_owned(),
            value_words: value.clone(),
            value,
            count,
        }));
    }
    let skip = (PAGE_SIZE * (page - 1)) as usize;
    let ids = ids.into_iter().skip(skip).take(PAGE_SIZE as usize).collect();
    Answer { total, in_stock, page, ids, facets }
}

async fn scan(conn: &mut Conn, categories: &[i64], filter: &Filter, but: Option<&str>, in_stock: bool) -> Vec<i64> {
    let list = |texts: &BTreeSet<String>| texts.iter().map(|text| format!("'{text}'")).collect::<Vec<_>>().join(", ");
    let places = categories.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let mut sql = format!("SELECT p.id FROM product p WHERE p.state = 'active' AND p.category_id IN ({places})");
    if in_stock {
        sql.push_str(" AND p.in_stock");
    }
    sql.extend(filter.from.map(|Yen(from)| format!(" AND p.price_max >= {from}")));
    sql.extend(filter.to.map(|Yen(to)| format!(" AND p.price_min <= {to}")));
    for (facet, values) in filter.facets.iter().filter(|(facet, _)| but != Some(facet)) {
        sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM product_facet x WHERE x.product_id = p.id AND x.facet = '{facet}' AND x.value IN ({}))",
            list(values)
        ));
    }
    sql.push_str(match filter.sort {
        Sort::Recommended => " ORDER BY p.id",
        Sort::New => " ORDER BY p.created_at DESC, p.id DESC",
        Sort::Price => " ORDER BY p.price_min, p.id",
        Sort::PriceDown => " ORDER BY p.price_min DESC, p.id DESC",
    });
    let rows = fetch_all!(conn, (i64,), sqlx::AssertSqlSafe(sql)).await.unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

async fn categories(shop: &TestShop) {
    let mut tx = shop.db.write().await.unwrap();
    for id in 1..=4i64 {
        execute!(
            tx,
            "INSERT INTO category (id, slug, position, name_ja, name_en, text_ja, text_en) VALUES ($1, $2, 1, 'x', 'x', '', '')",
            id,
            format!("c{id}")
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

fn sorted(mut answer: Answer) -> Answer {
    answer.facets.sort_by(|a, b| (&a.facet, &a.value).cmp(&(&b.facet, &b.value)));
    answer
}

on_both_databases!(the_shelf_answers_what_a_plain_scan_answers_and_follows_every_change(shop) {
    categories(&shop).await;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for round in 0..6 {
        // Put in at first; then changed, moved, taken off sale.
        let goods = prop::collection::vec((1..=90i64, wish()), if round == 0 { 80 } else { 12 });
        for (id, wish) in goods.new_tree(&mut runner).unwrap().current() {
            put(&shop, id, &wish).await;
        }
        let mut conn = shop.db.read().await.unwrap();
        up_to_date(&shop, &mut conn).await.unwrap();
        for _ in 0..15 {
            let filter = filter().new_tree(&mut runner).unwrap().current();
            for place in [&[1][..], &[2, 3, 4], &[9]] {
                let fast = sorted(shop.shelf().list(Lang::Ja, place, &filter));
                assert_eq!(fast, plain(&mut conn, place, &filter).await, "{place:?} {filter:?}");
            }
        }
    }
});

on_both_databases!(a_shelf_filled_anew_is_the_one_that_followed(shop) {
    categories(&shop).await;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for (id, wish) in prop::collection::vec((1..=60i64, wish()), 90).new_tree(&mut runner).unwrap().current() {
        put(&shop, id, &wish).await;
        up_to_date(&shop, &mut shop.db.read().await.unwrap()).await.unwrap();
    }
    let followed = shop.shelf().list(Lang::En, &[1, 2, 3, 4], &Filter::default());
    *shop.shelf().goods.write().unwrap() = Goods::default();
    up_to_date(&shop, &mut shop.db.read().await.unwrap()).await.unwrap();
    assert_eq!(sorted(shop.shelf().list(Lang::En, &[1, 2, 3, 4], &Filter::default())), sorted(followed));
});

on_both_databases!(a_change_that_is_committed_late_is_not_overlooked(shop) {
    categories(&shop).await;
    let goods = |price| Wish { category: 1, state: "active", price: (price, price), in_stock: true, created_at: 1, colours: BTreeSet::new(), maker: None };
    put(&shop, 1, &goods(100)).await;
    put(&shop, 2, &goods(100)).await;
    warm(&shop).await;
    if shop.db.dialect() == crate::db::Dialect::Postgres {
        // One transaction begins first and ends last.
        let mut late = shop.db.write().await.unwrap();
        execute!(late, "UPDATE product SET price_min = 50 WHERE id = 1").await.unwrap();
        put(&shop, 2, &goods(300)).await;
        warm(&shop).await;
        assert_eq!(cheapest(&shop), [1, 2]);
        late.commit().await.unwrap();
    } else {
        put(&shop, 2, &goods(300)).await;
        warm(&shop).await;
        put(&shop, 1, &Wish { price: (50, 100), ..goods(100) }).await;
    }
    put(&shop, 2, &goods(40)).await;
    warm(&shop).await;
    assert_eq!(cheapest(&shop), [2, 1]);
    let upto = Filter { to: Some(Yen(50)), ..Filter::default() };
    assert_eq!(shop.shelf().list(Lang::Ja, &[1], &upto).total, 2);
});

async fn warm(shop: &TestShop) {
    crate::catalogue::warm(shop).await.unwrap();
}

fn cheapest(shop: &TestShop) -> Vec<i64> {
    shop.shelf().list(Lang::Ja, &[1], &Filter { sort: Sort::Price, ..Filter::default() }).ids
}

on_both_databases!(a_value_that_others_have_is_offered_though_one_product_loses_it_meanwhile(shop) {
    categories(&shop).await;
    let goods = Wish { category: 1, state: "active", price: (100, 100), in_stock: true, created_at: 1, colours: [1].into(), maker: None };
    for id in 1..=3 {
        put(&shop, id, &goods).await;
    }
    // The one with the lowest number, whose words are taken, has the value and has it not, by turns.
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let turns = async {
        while !*stopped.borrow() {
            put(&shop, 1, &Wish { colours: BTreeSet::new(), ..goods.clone() }).await;
            put(&shop, 1, &goods).await;
        }
    };
    let fillings = async {
        for _ in 0..60 {
            let filled = follow::whole(&mut shop.db.read().await.unwrap(), 1).await.unwrap();
            let offered = filled.list(Lang::En, &[1], &Filter::default()).facets;
            assert!(offered.iter().any(|value| value.value == "c1" && value.count >= 2), "{offered:?}");
        }
        stop.send(true).unwrap();
    };
    tokio::join!(turns, fillings);
});
