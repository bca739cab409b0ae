use noren_domain::catalogue::{Filter, PAGE_SIZE, StockState};
use noren_domain::{Lang, Yen};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::testing::TestShop;
use crate::{execute, on_both_databases};

/// One product with a variant per `(colour, free units)`.
struct Goods<'a> {
    id: i64,
    category: i64,
    price: i64,
    state: &'a str,
    brand: &'a str,
    variants: &'a [(&'a str, i64)],
}

async fn stock(shop: &TestShop, goods: &[Goods<'_>]) {
    let mut tx = shop.db.write().await.unwrap();
    for (id, slug, parent) in [(1i64, "cloth", None::<i64>), (2, "towels", Some(1)), (3, "tea", None)] {
        let sql = "INSERT INTO category (id, slug, parent_id, position, name_ja, name_en, text_ja, text_en) VALUES ($1, $2, $3, $1, $4, $2, '', '')";
        execute!(tx, sql, id, slug, parent, format!("{slug}の棚")).await.unwrap();
    }
    tx.commit().await.unwrap();
    put_all(shop, goods).await;
}

async fn put_all(shop: &TestShop, goods: &[Goods<'_>]) {
    let mut tx = shop.db.write().await.unwrap();
    for g in goods {
        let (in_stock, name) = (g.variants.iter().any(|(_, free)| *free > 0), format!("品{}", g.id));
        let sql = "INSERT INTO product (id, slug, category_id, state, name_ja, name_en, summary_ja, summary_en, text_ja, text_en, details_ja, details_en, \
             brand, tax_class, option1_name_ja, option1_name_en, option2_name_ja, option2_name_en, option3_name_ja, option3_name_en, \
             price_min, price_max, in_stock, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5, '', '', '', '', 'a: b', 'a: b', $6, 'reduced', \
             '色', 'Colour', '', '', '', '', $7, $7, $8, $1, $1)";
        execute!(tx, sql, g.id, format!("p{}", g.id), g.category, g.state, name, g.brand, g.price, in_stock)
            .await
            .unwrap();
        for (position, (colour, free)) in (0i64..).zip(g.variants) {
            let id = g.id * 100 + position;
            let sql = "INSERT INTO variant (id, product_id, sku, position, state, option1_ja, option1_en, option2_ja, option2_en, option3_ja, option3_en, price, weight_g) \
                 VALUES ($1, $2, $3, $4, 'active', $5, $5, '', '', '', '', $6, 10)";
            execute!(tx, sql, id, g.id, format!("S{id}"), position, *colour, g.price).await.unwrap();
            execute!(tx, "INSERT INTO stock (variant_id, on_hand, reserved) VALUES ($1, $2, 2)", id, *free + 2)
                .await
                .unwrap();
        }
        let sql = "INSERT INTO picture (product_id, position, hash, width, height, alt_ja, alt_en) VALUES ($1, 1, $2, 1200, 1200, '絵', 'picture')";
        execute!(tx, sql, g.id, "0".repeat(64)).await.unwrap();
        let colours = g.variants.iter().map(|(colour, _)| ("Colour", *colour));
        for (facet, value) in colours.chain([("brand", g.brand)]) {
            let sql = "INSERT INTO product_facet (product_id, category_id, facet, value, facet_ja, facet_en, value_ja, value_en) VALUES ($1, $2, $3, $4, $3, $3, $4, $4)";
            execute!(tx, sql, g.id, g.category, facet, value).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

async fn shelf(shop: &TestShop) {
    let product =
        |id, category, price, brand, variants| Goods { id, category, price, state: "active", brand, variants };
    stock(
        shop,
        &[
            product(1, 1, 1_000, "Shiori", &[("Indigo", 9), ("Pine", 0)]),
            product(2, 1, 2_000, "Shiori", &[("Indigo", 3)]),
            product(3, 1, 3_000, "Kawa", &[("Pine", 0)]),
            product(4, 2, 4_000, "Kawa", &[("Indigo", 1), ("Vermilion", 1)]),
            product(5, 3, 500, "Kawa", &[("Indigo", 7)]),
            Goods { id: 6, category: 1, price: 900, state: "draft", brand: "Shiori", variants: &[("Indigo", 9)] },
        ],
    )
    .await;
}

async fn listed(shop: &TestShop, slug: &str, query: &str) -> noren_domain::catalogue::CategoryPage {
    category(shop, Lang::En, slug, Filter::parse(query)).await.unwrap().expect("the category exists")
}

async fn slugs(shop: &TestShop, query: &str) -> Vec<String> {
    listed(shop, "cloth", query).await.listing.cards.into_iter().map(|card| card.slug).collect()
}

on_both_databases!(a_list_is_narrowed_with_or_inside_a_facet_and_and_between(shop) {
    shelf(&shop).await;
    assert_eq!(slugs(&shop, "").await, ["p1", "p2", "p3", "p4"], "goods of the categories inside count, drafts do not");
    assert_eq!(slugs(&shop, "f.Colour=Pine&f.Colour=Vermilion").await, ["p1", "p3", "p4"]);
    assert_eq!(slugs(&shop, "f.Colour=Pine&f.brand=Kawa").await, ["p3"]);
    assert_eq!(slugs(&shop, "from=2000&to=3000").await, ["p2", "p3"]);
    assert_eq!(slugs(&shop, "stock=1&sort=-price").await, ["p4", "p2", "p1"]);
    assert_eq!(slugs(&shop, "sort=new").await, ["p4", "p3", "p2", "p1"]);
    assert_eq!(slugs(&shop, "f.Colour=%27+OR+1%3D1--").await, Vec::<String>::new());
});

on_both_databases!(a_facets_count_is_the_length_of_the_list_it_leads_to(shop) {
    shelf(&shop).await;
    for start in ["", "f.Colour=Indigo", "f.brand=Kawa&stock=1", "f.Colour=Pine&f.brand=Shiori", "to=2500&f.Colour=Vermilion", "f.Colour=gone"] {
        let page = listed(&shop, "cloth", start).await;
        for facet in &page.facets {
            for value in &facet.values {
                let mut alone = page.filter.clone();
                alone.facets.insert(facet.key.clone(), [value.value.clone()].into());
                let led_to = category(&shop, Lang::En, "cloth", alone).await.unwrap().unwrap().listing;
                assert_eq!((led_to.total, led_to.cards.len() as u64), (value.count, value.count), "{start}: {} {}", facet.key, value.value);
            }
        }
    }
});

on_both_databases!(a_chosen_value_that_matches_nothing_can_be_taken_back(shop) {
    shelf(&shop).await;
    let page = listed(&shop, "tea", "f.Colour=Vermilion&f.nonsense=x").await;
    assert_eq!(page.listing.total, 0);
    let chosen: Vec<_> = page.facets.iter().flat_map(|f| f.values.iter().filter(|v| v.chosen).map(|v| v.value.as_str())).collect();
    assert_eq!(chosen, ["Vermilion", "x"]);
});

on_both_databases!(pages_hold_every_product_once_and_a_page_too_far_is_the_last(shop) {
    let goods: Vec<Goods> = (1..=60).map(|id| Goods { id, category: 3, price: 100 + id % 7, state: "active", brand: "K", variants: &[("Indigo", 9)] }).collect();
    stock(&shop, &goods).await;
    for sort in ["recommended", "new", "price", "-price"] {
        let mut seen = Vec::new();
        for page in 1..=3 {
            let listing = listed(&shop, "tea", &format!("sort={sort}&page={page}")).await.listing;
            assert_eq!((listing.total, listing.page, listing.pages), (60, page, 3));
            assert!(listing.cards.len() <= PAGE_SIZE as usize);
            seen.extend(listing.cards.into_iter().map(|card| card.slug));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 60, "{sort}");
    }
    let far = listed(&shop, "tea", "page=4999").await;
    assert_eq!((far.listing.page, far.filter.page, far.listing.cards.len()), (3, 3, 12));
});

on_both_databases!(a_sold_out_variant_stays_visible_and_only_few_are_counted(shop) {
    shelf(&shop).await;
    let page = product(&shop, Lang::Ja, "p1").await.unwrap().unwrap();
    let states: Vec<_> = page.variants.iter().map(|v| (v.sku.as_str(), v.stock)).collect();
    assert_eq!(states, [("S100", StockState::Plenty), ("S101", StockState::SoldOut)], "reserved units are not free");
    assert_eq!(product(&shop, Lang::Ja, "p2").await.unwrap().unwrap().variants[0].stock, StockState::Few(3));
    assert_eq!((page.axes.as_slice(), page.name.as_str()), (&["色".to_owned()][..], "品1"));
    assert_eq!(page.others.iter().map(|card| card.slug.as_str()).collect::<Vec<_>>(), ["p2", "p3"]);
    assert_eq!(page.pictures.len(), 1);
    let deep = product(&shop, Lang::Ja, "p4").await.unwrap().unwrap();
    assert_eq!(deep.crumbs.iter().map(|c| c.slug.as_str()).collect::<Vec<_>>(), ["cloth", "towels"]);
});

on_both_databases!(a_draft_and_an_unknown_slug_are_no_page(shop) {
    shelf(&shop).await;
    assert!(product(&shop, Lang::Ja, "p6").await.unwrap().is_none());
    assert!(product(&shop, Lang::Ja, "' OR 1=1 --").await.unwrap().is_none());
    assert!(category(&shop, Lang::Ja, "nowhere", Filter::default()).await.unwrap().is_none());
});

on_both_databases!(any_query_string_answers_a_page(shop) {
    shelf(&shop).await;
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let queries: Vec<String> = {
        let strategy = "(f\\.(Colour|brand|[a-z%]{1,3})=(Indigo|Kawa|\\PC{0,8})&|from=[0-9]{1,12}&|to=-?[0-9]{1,4}&|stock=1&|sort=(new|price|-price|x)&|page=[0-9]{1,6}&){0,12}";
        let strategy = prop::string::string_regex(strategy).unwrap();
        (0..40).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
    };
    for query in queries {
        let page = listed(&shop, "cloth", &query).await;
        assert!(page.listing.page <= page.listing.pages, "{query}");
    }
});

on_both_databases!(the_home_page_shows_categories_arrivals_and_picks(shop) {
    shelf(&shop).await;
    let page = home(&shop, Lang::Ja).await.unwrap();
    assert_eq!(page.categories.iter().map(|c| (c.slug.as_str(), c.picture.is_some())).collect::<Vec<_>>(), [("cloth", true), ("tea", true)]);
    assert_eq!(page.arrivals[0].slug, "p5");
    assert_eq!(page.hero.unwrap().slug, "p2");
});

on_both_databases!(an_empty_shop_has_a_home_page(shop) {
    let page = home(&shop, Lang::Ja).await.unwrap();
    assert!(page.hero.is_none() && page.categories.is_empty() && page.arrivals.is_empty());
});

on_both_databases!(the_sitemap_names_every_active_product(shop) {
    shelf(&shop).await;
    assert_eq!(sitemap_parts(&shop).await.unwrap(), [0]);
    let slugs: Vec<_> = sitemap_products(&shop, 0).await.unwrap().into_iter().map(|entry| entry.slug).collect();
    assert_eq!(slugs, ["p1", "p2", "p3", "p4", "p5"]);
    assert_eq!(sitemap_categories(&shop).await.unwrap(), ["cloth", "towels", "tea"]);
});

on_both_databases!(goods_three_levels_down_are_in_every_category_above_them_and_their_page_shows_the_whole_way(shop) {
    let goods = |id, category| Goods { id, category, price: 100, state: "active", brand: "K", variants: &[("Indigo", 9)] };
    stock(&shop, &[]).await;
    let mut tx = shop.db.write().await.unwrap();
    for (id, slug, parent, position) in [(4i64, "face", 2i64, 1i64), (5, "small", 4, 1), (6, "bath", 2, 2)] {
        let sql = "INSERT INTO category (id, slug, parent_id, position, name_ja, name_en, text_ja, text_en) VALUES ($1, $2, $3, $4, $2, $2, '', '')";
        execute!(tx, sql, id, slug, parent, position).await.unwrap();
    }
    tx.commit().await.unwrap();
    put_all(&shop, &[goods(1, 5), goods(2, 6), goods(3, 5)]).await;

    for (slug, total, above) in [("cloth", 3, &[][..]), ("towels", 3, &["cloth"]), ("face", 2, &["cloth", "towels"]), ("small", 2, &["cloth", "towels", "face"])] {
        let page = listed(&shop, slug, "").await;
        assert_eq!((page.listing.total, page.listing.cards.len()), (total, usize::try_from(total).unwrap()), "{slug}");
        assert_eq!(page.crumbs.iter().map(|crumb| crumb.slug.as_str()).collect::<Vec<_>>(), above, "{slug}");
    }
    assert_eq!(listed(&shop, "cloth", "").await.children.len(), 1, "the ways on are one level down");
    let page = product(&shop, Lang::En, "p1").await.unwrap().unwrap();
    assert_eq!(page.crumbs.iter().map(|crumb| crumb.slug.as_str()).collect::<Vec<_>>(), ["cloth", "towels", "face", "small"]);

    let front = home(&shop, Lang::En).await.unwrap();
    assert!(front.categories.iter().find(|card| card.slug == "cloth").unwrap().picture.is_some());
    assert!(front.hero.is_none(), "the nearest category with goods is bath, which has one product");
    put_all(&shop, &[goods(4, 6)]).await;
    assert_eq!(home(&shop, Lang::En).await.unwrap().hero.unwrap().slug, "p4");
});

on_both_databases!(categories_tied_into_a_ring_past_the_import_are_pages_all_the_same(shop) {
    shelf(&shop).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE category SET parent_id = 2 WHERE id = 1").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(listed(&shop, "cloth", "").await.listing.total, 4);
    assert!(product(&shop, Lang::En, "p4").await.unwrap().unwrap().crumbs.len() > 1);
    assert_eq!(home(&shop, Lang::En).await.unwrap().categories.len(), 1);
});

#[tokio::test]
async fn the_goods_of_a_page_are_looked_up_one_by_one_however_many_the_shop_has() {
    let shop = crate::testing::sqlite().await;
    let ids: Vec<i64> = (1..=i64::from(PAGE_SIZE)).collect();
    let mut sql = sql::Sql::new("EXPLAIN QUERY PLAN WITH wanted (id) AS (");
    sql.bind_rows(&ids).add(") ").add_cards_of_wanted(Lang::Ja).add(" AND p.state = 'active'");
    // PostgreSQL plans by what it knows of a table, SQLite by what it guesses when it knows nothing.
    let plan: Vec<(i64, i64, i64, String)> = sql.all(&mut shop.db.read().await.unwrap()).await.unwrap();
    let steps: Vec<&str> = plan.iter().map(|row| row.3.as_str()).collect();
    assert!(steps.iter().any(|step| step.starts_with("SEARCH p USING INTEGER PRIMARY KEY")), "{steps:?}");
}

on_both_databases!(a_struck_price_in_a_list_is_of_the_variant_whose_price_stands_beside_it(shop) {
    shelf(&shop).await;
    let set = async |id: i64, price: i64, former: Option<i64>| {
        let mut tx = shop.db.write().await.unwrap();
        let sql = "UPDATE variant SET price = $2, compare_at = $3 WHERE id = $1";
        execute!(tx, sql, id, price, former).await.unwrap();
        tx.commit().await.unwrap();
    };
    let shown = async || {
        let page = category(&shop, Lang::Ja, "cloth", Filter::default()).await.unwrap().unwrap();
        page.listing.cards.iter().find(|card| card.slug == "p1").unwrap().compare_at
    };
    set(100, 756, None).await;
    set(101, 2_592, Some(2_808)).await;
    assert_eq!(shown().await, None, "the dearer one was reduced, not the one whose price is shown");
    set(100, 756, Some(800)).await;
    assert_eq!(shown().await, Some(Yen(800)));
});
