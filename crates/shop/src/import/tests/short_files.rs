//! Files that lack columns: what they do not speak of stays.

use super::*;
use crate::import::rows::{self, Held};

const FULL: &str = "sku,product,category,state,name_ja,name_en,summary_ja,summary_en,text_ja,text_en,details_ja,details_en,brand,tax,\
option1_name_ja,option1_name_en,option1_ja,option1_en,price,compare_at,weight_g,stock,picture,picture_alt_ja,picture_alt_en,more_pictures";
const GOODS: &str = "\
A-AI,a,cloth,active,布,Cloth,短い,Short,よい布,<p>Good &amp; plain</p>,素材: 綿,Material: cotton,染処,standard,色,Colour,藍,Indigo,1000,1200,35,7,ai.svg,藍,Indigo,use.svg|使う|In use
A-SHU,a,,archived,,,,,,,,,,,,,朱,Vermilion,1100,,36,8,shu.svg,朱,Vermilion,
A-MATSU,a,,active,,,,,,,,,,,,,松葉,Pine,1050,,37,9,,,,
B,b,tea,draft,茶,Tea,,,,,,,茶園,reduced,,,,,500,,50,3,,,,
C,c,tea,archived,菓子,Sweet,,,,,,,茶園,reduced,,,,,600,,50,3,,,,
";

/// A shop with goods of every kind, and a desk to write shorter files on.
async fn stocked(shop: &TestShop) -> Desk {
    let desk = Desk::new();
    let folder = desk.0.path().join("pictures");
    std::fs::create_dir(&folder).unwrap();
    for (name, width) in [("ai", 4), ("shu", 5), ("use", 6), ("new", 7)] {
        let svg = format!("<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='3'/>");
        std::fs::write(folder.join(name).with_extension("svg"), svg).unwrap();
    }
    let report = import(shop, &short(&desk, format!("{FULL}\n{GOODS}"))).await;
    assert_eq!((report.new, report.bad.as_slice()), (3, &[][..]));
    desk
}

/// A file of products alone, as somebody writes who changes one thing.
fn short(desk: &Desk, products: impl AsRef<[u8]>) -> Options {
    Options { pictures: Some(desk.0.path().join("pictures")), ..desk.options(products) }
}

/// Everything that is held of the goods: every column of products, SKUs, pictures, stock, and what
/// lists and search have of them.
type All = (Held, Vec<(i64, String, String)>, Vec<i64>);

async fn all(shop: &TestShop) -> All {
    let mut conn = shop.db.read().await.unwrap();
    let held = rows::held(&mut conn, &["a", "b", "c", "d"], true).await.unwrap();
    let sql = "SELECT product_id, facet, value FROM product_facet ORDER BY product_id, facet, value";
    let facets = fetch_all!(conn, (i64, String, String), sql).await.unwrap();
    let mut found = Vec::new();
    for query in ["cloth", "indigo", "A-MATSU", "plain", "tea"] {
        found.extend(crate::search::find(&mut conn, query, 9, 0).await.unwrap().ids);
    }
    (held, facets, found)
}

fn assert_same(one: &All, two: &All) {
    assert_eq!((&one.0.products, &one.0.variants), (&two.0.products, &two.0.variants));
    assert_eq!((&one.0.pictures, &one.0.on_hand), (&two.0.pictures, &two.0.on_hand));
    assert_eq!((&one.1, &one.2), (&two.1, &two.2));
}

on_both_databases!(a_file_of_prices_changes_prices_and_nothing_else(shop) {
    let desk = stocked(&shop).await;
    let mut expected = all(&shop).await;
    // In another order, without one SKU, with goods that are not on sale.
    let prices = "sku,product,price\nC,c,610\nA-SHU,a,1150\nA-AI,a,990\nB,b,500\n";
    let told = ["c: C price 600 → 610", "a: A-AI price 1000 → 990; A-SHU price 1100 → 1150"];
    let report = import(&shop, &Options { dry_run: true, ..short(&desk, prices) }).await;
    assert_eq!((report.changes.as_slice(), report.changed, report.unchanged), (&told.map(str::to_owned)[..], 2, 1));
    assert_same(&all(&shop).await, &expected);

    let report = import(&shop, &short(&desk, prices)).await;
    assert_eq!((report.changes.as_slice(), report.bad.as_slice()), (&told.map(str::to_owned)[..], &[][..]));
    for (sku, price) in [("A-AI", 990), ("A-SHU", 1_150), ("C", 610)] {
        let row = expected.0.variants.values_mut().flatten().find(|row| row.sku == sku).unwrap();
        row.price = price;
    }
    for (slug, low, high) in [("a", 990, 1_050), ("c", 610, 610)] {
        let row = expected.0.products.get_mut(slug).unwrap();
        (row.price_min, row.price_max) = (low, high);
    }
    assert_same(&all(&shop).await, &expected);
    assert_eq!(expected.0.products["c"].state, "archived");
    assert_eq!(expected.0.products["b"].state, "draft");
    assert_eq!(import(&shop, &short(&desk, prices)).await.unchanged, 3);
});

on_both_databases!(an_empty_cell_empties_what_an_absent_column_would_keep(shop) {
    let desk = stocked(&shop).await;
    let report = import(&shop, &short(&desk, "sku,product,summary_en,compare_at\nA-AI,a,,\n")).await;
    assert_eq!(report.changes, ["a: summary_en \"Short\" → \"\"; A-AI compare_at 1200 → null"]);
    let report = import(&shop, &short(&desk, "sku,product,state\nC,c,\n")).await;
    assert_eq!(report.changes, ["c: state \"archived\" → \"active\"; C state \"archived\" → \"active\""]);
    let report = import(&shop, &short(&desk, "sku,product,name_en\nC,c,\n")).await;
    assert_eq!(report.bad[0].reason, "name_en is empty; fill it in");
});

on_both_databases!(a_text_of_one_language_leaves_the_other(shop) {
    let desk = stocked(&shop).await;
    let mut expected = all(&shop).await;
    import(&shop, &short(&desk, "sku,product,text_en\nA-AI,a,Better\n")).await;
    expected.0.products.get_mut("a").unwrap().text_en = "<p>Better</p>".to_owned();
    // "plain" was found in the text alone.
    expected.2.remove(3);
    assert_same(&all(&shop).await, &expected);
});

on_both_databases!(stock_alone_is_a_file_of_sku_product_and_stock(shop) {
    let desk = stocked(&shop).await;
    let mut expected = all(&shop).await;
    let stock = short(&desk, "sku,product,stock\nA-SHU,a,80\nB,b,0\n");
    assert_eq!(import(&shop, &stock).await.unchanged, 2);
    let report = import(&shop, &Options { set_stock: true, ..stock }).await;
    assert_eq!(report.changes, ["a: A-SHU stock → 80", "b: B stock → 0"]);
    for (sku, on_hand) in [("A-SHU", 80), ("B", 0)] {
        let id = expected.0.variants.values().flatten().find(|row| row.sku == sku).unwrap().id;
        expected.0.on_hand.insert(id, on_hand);
    }
    assert_same(&all(&shop).await, &expected);
});

on_both_databases!(new_goods_in_a_short_file_are_refused_with_the_columns_they_need(shop) {
    let desk = stocked(&shop).await;
    let before = all(&shop).await;
    let prices = "sku,product,price\nA-AI,a,990\nD,d,100\nD2,d,100\nA-NEW,a,100\n";
    let report = import(&shop, &short(&desk, prices.replace("A-NEW,a,100\n", ""))).await;
    let reasons: Vec<_> = report.bad.iter().map(|row| (row.line, row.key.as_str(), row.reason.as_str())).collect();
    assert_eq!(reasons, [
        (3, "D", "the product \"d\" is new; add the columns category, name_ja, name_en, tax"),
        (4, "D2", "its product could not be read, see line 3"),
    ]);
    assert_same(&all(&shop).await, &before);

    let report = import(&shop, &short(&desk, "sku,product,price\nA-AI,a,990\nA-NEW,a,100\n")).await;
    assert_eq!(report.bad[0].reason, "the product has the option \"色\"; add the columns option1_ja, option1_en");
    let report = import(&shop, &short(&desk, "sku,product,option1_ja,option1_en\nA-NEW,a,桜,Sakura\n")).await;
    assert_eq!(report.bad[0].reason, "sku A-NEW is new; add the column price");

    let kept = Options { keep_good: true, ..short(&desk, "sku,product,price\nA-AI,a,990\nD,d,100\n") };
    let report = import(&shop, &kept).await;
    assert_eq!((report.changed, report.new, report.bad.len()), (1, 0, 1), "told once though it is judged twice");
    let report = import(&shop, &short(&desk, "sku,product,price,option1_ja,option1_en\nA-NEW,a,100,桜,Sakura\n")).await;
    assert_eq!(report.changes, ["a: new SKU A-NEW"]);
    let places: Vec<_> = all(&shop).await.0.variants.remove(&1).unwrap().into_iter().map(|row| row.sku).collect();
    assert_eq!(places, ["A-AI", "A-SHU", "A-MATSU", "A-NEW"], "a new SKU stands behind the others");
});

on_both_databases!(what_does_not_fit_what_the_shop_holds_is_refused_before_anything_is_written(shop) {
    let desk = stocked(&shop).await;
    let before = all(&shop).await;
    for (file, reason) in [
        ("sku,product,price\nB,b,510\nA-AI,a,1200\n", "price 1200 is not below compare_at 1200, which the shop holds; add the column compare_at"),
        ("sku,product,compare_at\nB,b,600\nA-AI,a,900\n", "compare_at must be higher than price, or empty"),
        ("sku,product,option1_ja,option1_en\nB,b,,\nA-AI,a,朱,Vermilion\nA-MATSU,a,朱,Vermilion\n", "the same options as sku A-AI; each variant needs its own"),
        ("sku,product,option1_name_ja,option1_name_en\nB,b,,\nA-AI,a,,\n", "option1_name_ja is empty although sku A-AI is \"藍\"; name the option, or add the columns option1_ja, option1_en"),
        ("sku,product,option1_ja,option1_en,price\nA-NEW,a,松葉,Pine,900\n", "the same options as sku A-MATSU; each variant needs its own"),
        ("sku,product,option1_ja,option1_en,price\nA-NEW,a,松葉,Moss,900\n", "the same options as sku A-MATSU; each variant needs its own"),
        ("sku,product,option1_ja,option1_en,price\nA-NEW,a,苔,ＰＩＮＥ,900\n", "the same options as sku A-MATSU; each variant needs its own"),
        (
            "sku,product,option1_name_ja,option1_name_en,option1_ja,option1_en\nA-AI,a,,,,\n",
            "the options do not fit sku A-MATSU, which the shop holds and the file does not name; add its row",
        ),
        ("sku,product,option1_ja,option1_en\nB,b,藍,Indigo\n", "option1_ja is given although the product has no such option; name it in option1_name_ja"),
    ] {
        let report = import(&shop, &short(&desk, file)).await;
        assert!(!report.written, "{file}");
        assert_eq!(report.bad.last().unwrap().reason, reason);
        assert_same(&all(&shop).await, &before);
    }
});

on_both_databases!(a_sku_that_is_not_sold_stands_in_nobodys_way(shop) {
    let desk = stocked(&shop).await;
    // A-SHU is archived; another SKU takes its place on the shelf, and both stand in later files.
    let report = import(&shop, &short(&desk, "sku,product,option1_ja,option1_en,price\nA-NEW,a,朱,Vermilion,900\n")).await;
    assert_eq!((report.changed, report.bad.len()), (1, 0));
    let report = import(&shop, &short(&desk, "sku,product,price\nA-SHU,a,1150\nA-NEW,a,950\n")).await;
    assert_eq!((report.changed, report.bad.len()), (1, 0));
    let back = import(&shop, &short(&desk, "sku,product,state\nA-SHU,a,active\n")).await;
    assert_eq!(back.bad[0].reason, "the same options as sku A-NEW; each variant needs its own");
});

/// The widths of the pictures of `a` in their order, and of the one each SKU shows: every test picture has its own.
async fn pictures(shop: &TestShop) -> (Vec<i64>, Vec<Option<i64>>) {
    let (mut held, ..) = all(shop).await;
    let pictures = held.pictures.remove(&1).unwrap_or_default();
    let width = |id: i64| pictures.iter().find(|row| row.id == id).map(|row| row.width);
    let shown = held.variants[&1].iter().map(|row| row.picture_id.and_then(width)).collect();
    (pictures.iter().map(|row| row.width).collect(), shown)
}

on_both_databases!(a_file_of_some_picture_columns_leaves_the_other_pictures_in_their_places(shop) {
    let desk = stocked(&shop).await;
    assert_eq!(pictures(&shop).await, (vec![4, 6, 5], vec![Some(4), Some(5), None]));
    let own = |rows: &str| short(&desk, format!("sku,product,picture,picture_alt_ja,picture_alt_en\n{rows}"));
    assert_eq!(import(&shop, &own("A-AI,a,ai.svg,藍,Indigo\n")).await.unchanged, 1);
    import(&shop, &own("A-AI,a,new.svg,新,New\n")).await;
    assert_eq!(pictures(&shop).await, (vec![7, 6, 5], vec![Some(7), Some(5), None]), "it takes the old one's place");
    import(&shop, &own("A-SHU,a,,,\n")).await;
    assert_eq!(pictures(&shop).await, (vec![7, 6], vec![Some(7), None, None]));
    let more = |lines: &str| short(&desk, format!("sku,product,more_pictures\nA-AI,a,{lines}\n"));
    import(&shop, &more("shu.svg|朱|Vermilion")).await;
    assert_eq!(pictures(&shop).await, (vec![7, 5], vec![Some(7), None, None]));
    import(&shop, &more("")).await;
    assert_eq!(pictures(&shop).await, (vec![7], vec![Some(7), None, None]));
});
