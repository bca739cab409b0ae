use std::path::PathBuf;

use super::*;
use crate::on_both_databases;
use crate::testing::TestShop;
use crate::{execute, fetch_all, fetch_one};

const HEAD: &str = "sku,product,category,name_ja,name_en,text_ja,tax,option1_name_ja,option1_name_en,option1_ja,option1_en,price,stock";
const CATEGORIES: &str = "slug,parent,position,name_ja,name_en\ncloth,,1,布,Cloth\ntea,,2,茶,Tea\n";

/// Files in a folder of their own.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.file("categories.csv", CATEGORIES);
        desk
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn options(&self, products: impl AsRef<[u8]>) -> Options {
        Options {
            categories: Some(self.0.path().join("categories.csv")),
            products: Some(self.file("products.csv", products)),
            ..Options::default()
        }
    }
}

/// A product in one variant that has no options.
fn plain(sku: &str, price: &str, stock: &str) -> String {
    format!("{sku},{},cloth,品 {sku},Thing {sku},よい品です。,standard,,,,,{price},{stock}\n", sku.to_lowercase())
}

fn file(rows: &[String]) -> String {
    format!("{HEAD}\n{}", rows.concat())
}

async fn import(shop: &Shop, options: &Options) -> Report {
    run(shop, options, &mut |_| {}).await.unwrap()
}

/// What the import of `products` alone says of its rows; nothing may be written.
async fn faults(shop: &TestShop, products: impl AsRef<[u8]>) -> Vec<BadRow> {
    let before = everything(shop).await;
    let report = import(shop, &Desk::new().options(products)).await;
    assert!(!report.written && !report.bad.is_empty(), "{report:?}");
    assert_eq!(everything(shop).await, before, "one bad row stops everything");
    report.bad
}

/// Why a whole file is of no use; nothing may be written.
async fn useless(shop: &TestShop, products: impl AsRef<[u8]>) -> String {
    let error = run(shop, &Desk::new().options(products), &mut |_| {}).await.unwrap_err().to_string();
    assert!(everything(shop).await.is_empty());
    error
}

/// Each SKU with its product, price, units on hand and the description of the product.
async fn everything(shop: &TestShop) -> Vec<(String, String, i64, i64, String)> {
    let mut conn = shop.db.read().await.unwrap();
    fetch_all!(
        conn,
        (String, String, i64, i64, String),
        "SELECT v.sku, p.name_ja, v.price, s.on_hand, p.text_ja FROM variant v JOIN product p ON p.id = v.product_id \
         JOIN stock s ON s.variant_id = v.id ORDER BY v.sku"
    )
    .await
    .unwrap()
}

async fn skus(shop: &TestShop) -> Vec<String> {
    everything(shop).await.into_iter().map(|(sku, ..)| sku).collect()
}

on_both_databases!(a_dry_run_shows_the_difference_and_writes_nothing(shop) {
    let desk = Desk::new();
    let dry = |products: String| Options { dry_run: true, ..desk.options(products) };
    let report = import(&shop, &dry(file(&[plain("A1", "100", "3"), plain("A2", "200", "3")]))).await;
    assert_eq!((report.new, report.changed, report.categories, report.written), (2, 0, 2, false));
    assert_eq!(report.changes, ["category cloth: new", "category tea: new", "a1: new, 1 SKU(s)", "a2: new, 1 SKU(s)"]);
    assert!(everything(&shop).await.is_empty());

    import(&shop, &desk.options(file(&[plain("A1", "100", "3"), plain("A2", "200", "3")]))).await;
    let before = everything(&shop).await;
    let report = import(&shop, &dry(file(&[plain("A1", "150", "3"), plain("A2", "200", "3"), plain("A3", "1", "1")]))).await;
    assert_eq!((report.new, report.changed, report.unchanged), (1, 1, 1));
    assert!(report.changes[0].contains("A1 price 100 → 150"), "{:?}", report.changes);
    assert_eq!(everything(&shop).await, before);
});

on_both_databases!(a_dry_run_names_the_bad_rows_too(shop) {
    let desk = Desk::new();
    let options = Options { dry_run: true, ..desk.options(file(&[plain("A1", "x", "3"), plain("A2", "200", "3")])) };
    let report = import(&shop, &options).await;
    assert_eq!((report.new, report.bad.len(), report.bad[0].line), (1, 1, 2));
});

on_both_databases!(the_same_file_twice_changes_nothing(shop) {
    let sample = Path::new("../../sample");
    let options = Options {
        categories: Some(sample.join("categories.csv")),
        products: Some(sample.join("products.csv")),
        pictures: Some(sample.join("pictures")),
        set_stock: true,
        ..Options::default()
    };
    let first = import(&shop, &options).await;
    assert!(first.new > 60 && first.bad.is_empty(), "{:?}", first.bad);
    let before = everything(&shop).await;
    let second = import(&shop, &options).await;
    assert_eq!((second.new, second.changed, second.unchanged, second.categories), (0, 0, first.new, 0), "{:?}", second.changes);
    assert_eq!(everything(&shop).await, before);
});

on_both_databases!(a_large_file_twice_changes_nothing(shop) {
    let desk = Desk::new();
    let mut bytes = Vec::new();
    crate::sample::large(3, 1_200, &mut bytes).unwrap();
    let options = Options { categories: Some("../../sample/categories.csv".into()), ..desk.options(bytes) };
    let first = import(&shop, &options).await;
    assert_eq!((first.new, first.bad), (1_200, Vec::new()));
    let second = import(&shop, &options).await;
    assert_eq!((second.changed, second.unchanged), (0, 1_200), "{:?}", second.changes);
});

on_both_databases!(the_key_is_the_sku_and_a_changed_price_is_one_change(shop) {
    let desk = Desk::new();
    import(&shop, &desk.options(file(&[plain("A1", "100", "3"), plain("A2", "200", "3")]))).await;
    let report = import(&shop, &desk.options(file(&[plain("A1", "120", "3"), plain("A2", "200", "3")]))).await;
    assert_eq!((report.new, report.changed, report.unchanged), (0, 1, 1));
    assert_eq!(everything(&shop).await.iter().map(|row| (row.0.as_str(), row.2)).collect::<Vec<_>>(), [("A1", 120), ("A2", 200)]);

    let stolen = plain("A1", "100", "3").replace("a1", "another");
    let report = import(&shop, &desk.options(file(&[stolen]))).await;
    assert_eq!(report.bad[0].reason, "sku A1 belongs to the product \"a1\"; write that or another sku");
});

on_both_databases!(goods_that_are_not_in_the_file_stay(shop) {
    let desk = Desk::new();
    import(&shop, &desk.options(file(&[plain("A1", "100", "3"), plain("A2", "200", "3")]))).await;
    import(&shop, &desk.options(file(&[plain("A2", "250", "3")]))).await;
    assert_eq!(skus(&shop).await, ["A1", "A2"]);
});

on_both_databases!(a_changed_product_is_found_by_what_it_says_now(shop) {
    let desk = Desk::new();
    let found = |query: &'static str| {
        let shop = &shop;
        async move { crate::search::find(&mut shop.db.read().await.unwrap(), query, 9, 0).await.unwrap().ids.len() }
    };
    import(&shop, &desk.options(file(&[plain("A1", "100", "3").replace("Thing", "Lantern")]))).await;
    assert_eq!((found("lantern").await, found("umbrella").await), (1, 0));
    import(&shop, &desk.options(file(&[plain("A1", "100", "3").replace("Thing", "Umbrella")]))).await;
    assert_eq!((found("lantern").await, found("umbrella").await), (0, 1));
    import(&shop, &desk.options(file(&[plain("A1", "110", "3").replace("Thing", "Umbrella")]))).await;
    assert_eq!(found("umbrella").await, 1, "another price leaves it findable");
    let archived = file(&[plain("A1", "110", "3").replace("Thing", "Umbrella")]).replace("A1,a1,", "A1,a1,archived,").replace("sku,product,", "sku,product,state,");
    import(&shop, &desk.options(archived)).await;
    assert_eq!(found("umbrella").await, 0, "what is not for sale is not found");
});

on_both_databases!(goods_of_a_renamed_category_are_found_by_its_new_name_though_no_goods_are_imported(shop) {
    let desk = Desk::new();
    let found = |query: &'static str| {
        let shop = &shop;
        async move { crate::search::find(&mut shop.db.read().await.unwrap(), query, 9, 0).await.unwrap().total }
    };
    // More than are written at a time, one not on sale, one elsewhere.
    let mut rows: Vec<String> = (0..CHUNK + 20).map(|n| plain(&format!("A{n}"), "100", "3")).collect();
    rows.push(plain("B1", "100", "3").replace(",cloth,", ",tea,"));
    import(&shop, &desk.options(file(&rows))).await;
    import(&shop, &desk.options("sku,product,state\nA7,a7,archived\n")).await;
    assert_eq!((found("cloth").await, found("textiles").await, found("tea").await), (519, 0, 1));

    let renamed = desk.file("categories.csv", CATEGORIES.replace("Cloth", "Textiles"));
    let alone = Options { categories: Some(renamed), ..Options::default() };
    let report = import(&shop, &Options { dry_run: true, ..alone.clone() }).await;
    assert_eq!(report.changes, ["category cloth: name_en \"Cloth\" → \"Textiles\""]);
    assert_eq!((found("cloth").await, found("textiles").await), (519, 0));
    import(&shop, &alone).await;
    assert_eq!((found("cloth").await, found("textiles").await, found("tea").await), (0, 519, 1));
    let report = import(&shop, &desk.options(file(&rows[..1]))).await;
    assert_eq!((report.unchanged, found("textiles").await, found("cloth").await), (1, 519, 0));

    let words = desk.file("words.csv", "slug,search_words\ncloth,fabric ぬの\n");
    let report = import(&shop, &Options { categories: Some(words), ..Options::default() }).await;
    assert_eq!(report.changes, ["category cloth: search_words \"\" → \"fabric ぬの\""]);
    assert_eq!((found("fabric").await, found("ヌノ").await, found("textiles").await), (519, 519, 519));
});

on_both_databases!(no_row_is_written_before_its_picture_is_kept(shop) {
    let sample = Path::new("../../sample");
    let options = Options {
        categories: Some(sample.join("categories.csv")),
        products: Some(sample.join("products.csv")),
        pictures: Some(sample.join("pictures")),
        ..Options::default()
    };
    // Where the pictures go is a file: they cannot be kept, as after a kill at this moment.
    std::fs::write(shop.media_dir().join("source"), "").unwrap();
    assert!(matches!(run(&shop, &options, &mut |_| {}).await, Err(ImportError::File { .. })));
    assert!(everything(&shop).await.is_empty());
});

on_both_databases!(good_rows_are_kept_only_when_that_is_asked_for_and_each_bad_row_is_named(shop) {
    let desk = Desk::new();
    let rows = [plain("A1", "100", "3"), plain("A2", "dear", "3"), plain("A3", "300", "-1"), plain("A4", "400", "3")];
    let report = import(&shop, &desk.options(file(&rows))).await;
    assert_eq!((report.written, report.bad.len()), (false, 2));
    assert!(everything(&shop).await.is_empty());

    let report = import(&shop, &Options { keep_good: true, ..desk.options(file(&rows)) }).await;
    assert_eq!((report.new, report.written), (2, true));
    let named: Vec<_> = report.bad.iter().map(|row| (row.line, row.key.as_str(), row.reason.as_str())).collect();
    assert_eq!(named, [
        (3, "A2", "price \"dear\" is not a whole number from 0 to 99999999"),
        (4, "A3", "stock \"-1\" is not a whole number from 0 to 9999999"),
    ]);
    assert_eq!(skus(&shop).await, ["A1", "A4"]);
});

on_both_databases!(stock_counts_for_new_goods_and_overwrites_only_when_asked_never_below_what_is_reserved(shop) {
    let desk = Desk::new();
    import(&shop, &desk.options(file(&[plain("A1", "100", "10"), plain("A2", "100", "10")]))).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE stock SET reserved = 4 WHERE variant_id = (SELECT id FROM variant WHERE sku = 'A1')").await.unwrap();
    tx.commit().await.unwrap();
    let on_hand = || async { everything(&shop).await.iter().map(|row| row.3).collect::<Vec<_>>() };

    let less = file(&[plain("A1", "100", "1"), plain("A2", "100", "0")]);
    let report = import(&shop, &desk.options(&less)).await;
    assert_eq!((report.unchanged, on_hand().await), (2, vec![10, 10]), "what was counted in the shop stays");

    let options = Options { set_stock: true, ..desk.options(&less) };
    let report = import(&shop, &options).await;
    assert_eq!((report.changed, on_hand().await), (2, vec![4, 0]), "four are promised to somebody");
    let mut conn = shop.db.read().await.unwrap();
    let (in_stock,): (i64,) = fetch_one!(conn, (i64,), "SELECT count(*) FROM product WHERE in_stock").await.unwrap();
    assert_eq!(in_stock, 0, "four on hand, four reserved: none to be had");
});

on_both_databases!(utf8_with_a_bom_and_cp932_say_the_same(shop) {
    let desk = Desk::new();
    let text = file(&[plain("A1", "100", "3").replace("よい品", "①番の髙い品〜")]);
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(&text);
    import(&shop, &desk.options(cp932.as_ref())).await;
    let once = everything(&shop).await;
    assert_eq!(once[0].1, "品 A1");
    let with_bom = [b"\xEF\xBB\xBF".as_slice(), encoding_rs::SHIFT_JIS.decode(&cp932).0.as_bytes()].concat();
    let report = import(&shop, &desk.options(with_bom)).await;
    assert_eq!((report.unchanged, everything(&shop).await), (1, once));
});

on_both_databases!(quotes_hold_commas_lines_and_quotes_and_line_numbers_stay_right(shop) {
    let desk = Desk::new();
    let odd = "A1,a1,cloth,\"布、\"\"青\"\", 一枚\",\"Cloth, blue\",\"一行目\n二行目\",standard,,,,,\"1,320\",3\r\n";
    let report = import(&shop, &desk.options(format!("{HEAD}\r\n{odd}"))).await;
    assert_eq!(report.bad, []);
    let rows = everything(&shop).await;
    assert_eq!((rows[0].1.as_str(), rows[0].2, rows[0].4.as_str()), ("布、\"青\", 一枚", 1_320, "<p>一行目</p><p>二行目</p>"));
    let report = import(&shop, &desk.options(format!("{HEAD}\r\n{odd}{}", plain("A2", "x", "1")))).await;
    assert_eq!(report.bad[0].line, 4, "the row before it takes two lines");
});

on_both_databases!(a_cell_that_is_too_long_is_named_and_a_forgotten_quote_guessed_at(shop) {
    let long = plain("A1", "100", "3").replace("品 A1", &"長".repeat(201));
    assert_eq!(faults(&shop, file(&[long])).await[0].reason, "name_ja is longer than 200 characters; shorten it");
    let text = plain("A1", "100", "3").replace("よい品です。", &"長".repeat(20_001));
    assert_eq!(faults(&shop, file(&[text])).await[0].reason, "text_ja is longer than 20000 characters; shorten it");
    let rows: String = (0..2_000).map(|n| plain(&format!("B{n}"), "100", "3")).collect();
    let open = format!("{HEAD}\nA1,a1,cloth,\"品,Thing,,standard,,,,,100,3\n{rows}");
    let bad = faults(&shop, open).await;
    assert!(bad[0].line == 2 && bad[0].reason.contains("closing quote"), "{bad:?}");
});

on_both_databases!(a_file_with_another_header_or_none_is_refused_with_the_columns_it_needs(shop) {
    let wrong = useless(&shop, "SKU番号,商品名\nA1,布\n").await;
    assert!(wrong.contains("unknown column \"sku番号\"; known are sku, product, category"), "{wrong}");
    let missing = useless(&shop, "product,name_ja\na1,布\n").await;
    assert!(missing.contains("missing: sku"), "{missing}");
    let half = useless(&shop, "sku,product,option1_ja\nA1,a1,藍\n").await;
    assert!(half.ends_with("the columns option1_ja, option1_en go together; missing: option1_en"), "{half}");
    let twice = useless(&shop, format!("{HEAD},price\n")).await;
    assert!(twice.contains("\"price\" is there twice"), "{twice}");
    let empty = useless(&shop, "").await;
    assert!(empty.contains("empty"), "{empty}");
});

on_both_databases!(a_header_alone_imports_nothing_and_is_no_fault(shop) {
    let report = import(&shop, &Desk::new().options(format!("{HEAD}\n"))).await;
    assert_eq!((report.new, report.bad.len(), report.written), (0, 0, true));
});

on_both_databases!(broken_utf8_and_nul_are_refused_by_their_line(shop) {
    let broken = [file(&[plain("A1", "100", "3")]).as_bytes(), b"A2,\xFF\xFE".as_slice()].concat();
    let reason = useless(&shop, broken).await;
    assert!(reason.contains("line 3 is not UTF-8; save the file as"), "{reason}");
    let nul = plain("A1", "100", "3").replace("品 A1", "品\0A1");
    assert_eq!(faults(&shop, file(&[nul])).await[0].reason, "name_ja holds a control character; delete it");
});

on_both_databases!(a_missing_file_is_named(shop) {
    let options = Options { products: Some("/no/such/file.csv".into()), ..Options::default() };
    let error = run(&shop, &options, &mut |_| {}).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot read /no/such/file.csv"), "{error}");
});

on_both_databases!(numbers_that_make_no_sense_are_refused_and_zero_is_a_number(shop) {
    for bad in ["-1", "1000000000", "ten", "1.5", "", "１２x"] {
        let faults = faults(&shop, file(&[plain("A1", bad, "3")])).await;
        assert!(faults[0].line == 2 && faults[0].reason.starts_with(&format!("price \"{bad}\" is not a whole number")), "{faults:?}");
    }
    for bad in ["-1", "1000000000", "many"] {
        let faults = faults(&shop, file(&[plain("A1", "100", bad)])).await;
        assert!(faults[0].reason.starts_with(&format!("stock \"{bad}\" is not a whole number")), "{faults:?}");
    }
    let report = import(&shop, &Desk::new().options(file(&[plain("A1", "0", "0"), plain("A2", "\"１,３２０\"", "")]))).await;
    assert_eq!(report.bad, []);
    let rows = everything(&shop).await;
    assert_eq!(rows.iter().map(|row| (row.2, row.3)).collect::<Vec<_>>(), [(0, 0), (1_320, 0)]);
});

on_both_databases!(a_sku_stands_once_in_a_file(shop) {
    let bad = faults(&shop, file(&[plain("A1", "100", "3"), plain("A1", "100", "3").replace("a1", "b1")])).await;
    assert_eq!((bad[0].line, bad[0].reason.as_str()), (3, "sku A1 is there twice; take one of the rows out"));
    let torn = file(&[plain("A1", "1", "1"), plain("A2", "1", "1"), plain("A3", "1", "1").replace(",a3,", ",a1,")]);
    assert_eq!(faults(&shop, torn).await[0].reason, "the rows of product \"a1\" must stand together");
});

on_both_databases!(an_unknown_category_tax_or_state_is_refused_with_what_to_write(shop) {
    let row = plain("A1", "100", "3");
    let reason = faults(&shop, file(&[row.replace("cloth", "clohts")])).await.remove(0).reason;
    assert!(reason.starts_with("category \"clohts\" is unknown; write the slug of a category"), "{reason}");
    let reason = faults(&shop, file(&[row.replace("standard", "8%")])).await.remove(0).reason;
    assert_eq!(reason, "tax \"8%\" is unknown; write standard or reduced");
});

on_both_databases!(rows_with_too_few_or_too_many_cells_are_named(shop) {
    let bad = faults(&shop, format!("{HEAD}\nA1,a1,cloth\n{}", plain("A2", "1", "1").replace(",standard", ",,standard"))).await;
    assert_eq!(bad.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3]);
    assert!(bad[0].reason.starts_with("3 cells where the header has 13"), "{bad:?}");
});

on_both_databases!(a_picture_is_taken_from_the_folder_and_from_nowhere_else(shop) {
    let desk = Desk::new();
    let folder = desk.0.path().join("pictures");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("blue.svg"), "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='3'/>").unwrap();
    std::fs::write(folder.join("no.png"), "not a picture").unwrap();
    desk.file("secret.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='3'/>");
    let with = |picture: &str, pictures: bool| {
        let row = plain("A1", "100", "3").replace('\n', &format!(",{picture},青,Blue\n"));
        let head = format!("{HEAD},picture,picture_alt_ja,picture_alt_en\n");
        Options { pictures: pictures.then(|| folder.clone()), ..desk.options(format!("{head}{row}")) }
    };
    for outside in ["../secret.svg", "../../etc/passwd", "/etc/passwd", "..\\secret.svg", "..", ".hidden"] {
        let report = import(&shop, &with(outside, true)).await;
        assert!(!report.written && report.bad[0].reason.contains("without a path"), "{outside}: {report:?}");
    }
    for (name, words) in [("gone.svg", "cannot be read"), ("no.png", "is not an SVG, PNG or JPEG")] {
        let report = import(&shop, &with(name, true)).await;
        assert!(report.bad[0].line == 2 && report.bad[0].reason.contains(words), "{name}: {report:?}");
    }
    assert!(import(&shop, &with("blue.svg", false)).await.bad[0].reason.contains("add --pictures"));
    assert!(everything(&shop).await.is_empty());
    let report = import(&shop, &with("blue.svg", true)).await;
    assert_eq!((report.bad, report.new), (Vec::new(), 1));
    assert_eq!(import(&shop, &with("blue.svg", true)).await.unchanged, 1);
});

on_both_databases!(a_link_that_leads_out_of_the_folder_is_no_picture(shop) {
    let desk = Desk::new();
    let folder = desk.0.path().join("pictures");
    std::fs::create_dir(&folder).unwrap();
    let secret = desk.file("secret.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='3'/>");
    #[cfg(unix)]
    std::os::unix::fs::symlink(secret, folder.join("link.svg")).unwrap();
    let row = plain("A1", "100", "3").replace('\n', ",link.svg,青,Blue\n");
    let options = Options {
        pictures: Some(folder),
        ..desk.options(format!("{HEAD},picture,picture_alt_ja,picture_alt_en\n{row}"))
    };
    assert!(import(&shop, &options).await.bad[0].reason.contains("outside the folder"));
});

on_both_databases!(cells_that_look_like_formulas_or_scripts_are_words(shop) {
    let row = plain("A1", "100", "3").replace("品 A1", "\"=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")\"")
        .replace("よい品です。", "\"<p onclick='x()'>青<script>alert(1)</script><img src=x onerror=alert(1)></p>\"");
    let report = import(&shop, &Desk::new().options(file(&[row]))).await;
    assert_eq!(report.bad, []);
    let rows = everything(&shop).await;
    assert_eq!((rows[0].1.as_str(), rows[0].4.as_str()), ("=HYPERLINK(\"http://evil\",\"x\")", "<p>青</p>"));
    let bad = faults(&shop, file(&[plain("=1+1", "100", "3").replace(",=1+1,", ",a1,")])).await;
    assert!(bad[0].reason.starts_with("sku \"=1+1\" must be"), "{bad:?}");
});

on_both_databases!(categories_are_judged_like_goods(shop) {
    let desk = Desk::new();
    let categories = |rows: &str| Options {
        categories: Some(desk.file("c.csv", format!("slug,parent,name_ja,name_en\n{rows}"))),
        ..Options::default()
    };
    for (rows, words) in [
        ("Cloth,,布,Cloth\n", "slug \"Cloth\" must be"),
        ("a,b,布,Cloth\nb,,布,Cloth\n", "parent \"b\" is no category above this line"),
        ("a,a,布,Cloth\n", "parent \"a\" is no category above this line"),
        ("a,,,Cloth\n", "name_ja is empty"),
        ("a,,布,Cloth\na,,布,Cloth\n", "is there twice"),
        ("a,,布,Cloth\n b,a,布,Cloth\nc,b,布,Cloth\nd,x,布,Cloth\n", "parent \"x\" is no category above this line"),
    ] {
        let report = import(&shop, &categories(rows)).await;
        assert!(!report.written && report.bad[0].file == "categories" && report.bad[0].reason.contains(words), "{report:?}");
    }
    let report = import(&shop, &categories("a,,布,Cloth\nb,a,布,Cloth\n")).await;
    assert_eq!((report.categories, report.written), (2, true));
    assert_eq!(import(&shop, &categories("a,,布,Cloth\nb,a,布,Cloth\n")).await.categories, 0);
});

on_both_databases!(a_category_never_stands_inside_itself(shop) {
    let desk = Desk::new();
    let categories = |rows: &str| Options {
        categories: Some(desk.file("c.csv", format!("slug,parent,name_ja,name_en\n{rows}"))),
        ..Options::default()
    };
    import(&shop, &categories("a,,布,Cloth\nb,a,布,Cloth\nc,b,布,Cloth\n")).await;
    let report = import(&shop, &categories("a,c,布,Cloth\n")).await;
    assert!(!report.written, "{report:?}");
    assert_eq!((report.bad[0].line, report.bad[0].key.as_str()), (2, "a"));
    assert!(report.bad[0].reason.starts_with("parent \"c\" stands inside \"a\", which would be inside itself"), "{report:?}");
    // Turned round in one file, from the top down, it is no ring.
    let report = import(&shop, &categories("c,,布,Cloth\nb,c,布,Cloth\na,b,布,Cloth\n")).await;
    assert_eq!((report.bad.as_slice(), report.categories), (&[][..], 3));
});

on_both_databases!(a_file_of_categories_changes_what_it_has_columns_for_and_nothing_else(shop) {
    let desk = Desk::new();
    let run_file = |text: &str| Options { categories: Some(desk.file("c.csv", text)), ..Options::default() };
    import(&shop, &run_file("slug,parent,position,name_ja,name_en,text_ja,text_en\na,,2,布,Cloth,ふく,Wipes\nb,a,1,手ぬぐい,Tenugui,包む,Wraps\n")).await;
    let before = rows::categories(&mut shop.db.read().await.unwrap()).await.unwrap();
    let report = import(&shop, &run_file("slug,name_en\nb,Towels\n")).await;
    assert_eq!(report.changes, ["category b: name_en \"Tenugui\" → \"Towels\""]);
    let mut expected = before;
    expected[1].name_en = "Towels".to_owned();
    assert_eq!(rows::categories(&mut shop.db.read().await.unwrap()).await.unwrap(), expected);
    let report = import(&shop, &run_file("slug,parent\nb,\n")).await;
    assert_eq!(report.changes, ["category b: parent \"a\" → none"], "an empty cell says empty");
    let report = import(&shop, &run_file("slug,name_en\nz,New\n")).await;
    assert_eq!(report.bad[0].reason, "the category \"z\" is new; add the columns name_ja");
});

on_both_databases!(a_large_file_tells_how_far_it_is_and_names_a_bad_row_by_its_line(shop) {
    let desk = Desk::new();
    let mut bytes = Vec::new();
    crate::sample::large(3, 1_200, &mut bytes).unwrap();
    let mut lines: Vec<String> = String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
    // Texts have lines of their own, so the line in the file is not the number of the row.
    let (at, sku) = lines
        .iter()
        .enumerate()
        .skip(2_500)
        .find_map(|(at, line)| Some((at, line.split_once(',').map(|(sku, _)| sku.to_owned()).filter(|sku| sku.ends_with("-2"))?)))
        .unwrap();
    lines[at] = lines[at].replacen(&sku, "no sku", 1);
    let options = Options {
        categories: Some("../../sample/categories.csv".into()),
        keep_good: true,
        ..desk.options(lines.join("\n"))
    };
    let mut heard = Vec::new();
    let report = run(&shop, &options, &mut |step| heard.push(step)).await.unwrap();
    let [bad] = report.bad.as_slice() else { panic!("{:?}", report.bad) };
    assert_eq!((bad.file, bad.line, bad.key.as_str()), ("products", at as u64 + 1, "no sku"));
    assert_eq!((report.new, skus(&shop).await.contains(&sku)), (1_200, false), "the product has other SKUs");
    let told: Vec<_> = heard.iter().map(|step| (step.phase, step.done, step.of)).collect();
    assert_eq!(told, [
        (Phase::Checking, 500, None),
        (Phase::Checking, 1_000, None),
        (Phase::Checking, 1_200, None),
        (Phase::Writing, 500, Some(1_200)),
        (Phase::Writing, 1_000, Some(1_200)),
        (Phase::Writing, 1_200, Some(1_200)),
    ]);
});

on_both_databases!(progress_counts_up_to_every_product(shop) {
    let desk = Desk::new();
    let mut heard = Vec::new();
    let rows: Vec<String> = (0..1_100).map(|n| plain(&format!("A{n}"), "100", "3")).collect();
    run(&shop, &desk.options(file(&rows)), &mut |step| heard.push(step)).await.unwrap();
    assert!(heard.is_sorted_by_key(|step| (step.phase, step.done)), "{heard:?}");
    assert_eq!(heard.last().map(|step| (step.done, step.of)), Some((1_100, Some(1_100))));
});

mod short_files;
