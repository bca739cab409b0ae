//! `noren migrate`, `seed`, `import`, `doctor`: what they say, how they end, and what is there afterwards.

use std::path::Path;
use std::process::Stdio;

use noren_shop::{fetch_all, fetch_one};

use crate::installation::{HEAD, Installation, ROOT, row, runtime, said};

const CATEGORIES: &str = "slug,parent,name_ja,name_en\ncloth,,布,Cloth\n";
const IMPORT: [&str; 5] = ["import", "--categories", "categories.csv", "--products", "goods.csv"];

/// An article as the database has it: SKU, name, description, price, units on hand.
type Article = (String, String, String, i64, i64);

/// A desk with files of goods on it.
fn desk(goods: impl AsRef<[u8]>) -> Installation {
    let installation = Installation::on_sqlite();
    installation.file("categories.csv", CATEGORIES);
    installation.file("goods.csv", goods);
    installation
}

fn goods(rows: &[String]) -> String {
    format!("{HEAD}\n{}", rows.concat())
}

/// [`IMPORT`] and more.
fn import<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&IMPORT[..], more].concat()
}

fn articles(installation: &Installation) -> Vec<Article> {
    let sql = "SELECT v.sku, p.name_ja, p.text_ja, v.price, s.on_hand FROM variant v JOIN product p ON p.id = v.product_id \
               JOIN stock s ON s.variant_id = v.id ORDER BY v.sku";
    runtime().block_on(async {
        let shop = installation.shop().await;
        let rows = fetch_all!(shop.db.read().await.unwrap(), Article, sql).await.unwrap();
        shop.db.close().await;
        rows
    })
}

fn skus(installation: &Installation) -> Vec<String> {
    articles(installation).into_iter().map(|article| article.0).collect()
}

fn count(installation: &Installation, sql: &'static str) -> i64 {
    runtime().block_on(async {
        let shop = installation.shop().await;
        let (count,) = fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap();
        shop.db.close().await;
        count
    })
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let installation = Installation::on_sqlite();
    assert_eq!(installation.run(&["migrate"]).code, Some(0));
    let mut child =
        installation.command(&["mail", "list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Before anything is said: the database is opened first.
    drop(child.stdout.take());
    let said = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && !err.contains("broke"), "{:?} {err}", said.status);
}

on_both_databases!(a_shop_whose_vault_is_lost_makes_no_new_one);

fn a_shop_whose_vault_is_lost_makes_no_new_one(installation: &Installation) {
    assert_eq!(installation.run(&["migrate"]).code, Some(0));
    let vault = installation.data().join("vault");
    let aside = installation.desk().join("aside");
    std::fs::rename(&vault, &aside).unwrap();
    let said = installation.run(&["migrate"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("put the folder back from your backup"), "{said:?}");
    assert!(!vault.exists());
    std::fs::rename(&aside, &vault).unwrap();
    // A part of it is as good as none.
    std::fs::rename(vault.join("subjects.redb"), &aside).unwrap();
    let said = installation.run(&["migrate"]);
    assert!(said.code == Some(1) && said.err.contains("backup of the vault's keys"), "{said:?}");
    std::fs::rename(&aside, vault.join("subjects.redb")).unwrap();
    assert_eq!(installation.run(&["migrate"]).code, Some(0));
}

on_both_databases!(migrating_makes_the_tables_and_again_changes_nothing);

fn migrating_makes_the_tables_and_again_changes_nothing(installation: &Installation) {
    for _ in 0..2 {
        let said = installation.run(&["migrate"]);
        assert_eq!((said.code, said.out.as_str()), (Some(0), "the database is up to date\n"), "{said:?}");
        assert_eq!(count(installation, "SELECT COUNT(*) FROM orders"), 0);
    }
}

#[test]
fn a_database_that_does_not_open_is_told_with_the_setting_that_names_it() {
    let installation = Installation::on_postgres();
    let url = format!("{}_nowhere", installation.database_url().unwrap());
    let said = said(installation.command(&["migrate"]).env("NOREN_DATABASE_URL", url));
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(said.err.contains("cannot open the database") && said.err.contains("NOREN_DATABASE_URL"), "{said:?}");
}

#[test]
fn seeding_stocks_the_sample_shop_once() {
    let installation = Installation::on_sqlite();
    let mut first = Vec::new();
    for turn in ["first", "again"] {
        let said = said(installation.command(&["seed"]).current_dir(ROOT));
        assert_eq!((said.code, said.out.as_str()), (Some(0), "the shop is stocked\n"), "{turn}: {said:?}");
        let there = ["product", "customer", "orders", "notice"].map(|table| match table {
            "product" => count(&installation, "SELECT COUNT(*) FROM product"),
            "customer" => count(&installation, "SELECT COUNT(*) FROM customer"),
            "orders" => count(&installation, "SELECT COUNT(*) FROM orders"),
            _ => count(&installation, "SELECT COUNT(*) FROM notice"),
        });
        assert!(there[0] >= 60 && there.iter().all(|count| *count > 0), "{turn}: {there:?}");
        first.push(there);
    }
    assert_eq!(first[0], first[1]);
}

#[test]
fn seeding_without_the_sample_says_where_it_was_looked_for() {
    let installation = Installation::on_sqlite();
    let said = installation.run(&["seed"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(said.err.contains("working directory") && said.err.contains("NOREN_SAMPLE=off"), "{said:?}");
}

#[test]
fn a_good_file_is_imported_and_counted_and_again_changes_nothing() {
    let installation = desk(goods(&[row("A1", "100", "3"), row("A2", "200", "0")]));
    let said = installation.run(&IMPORT);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out, "2 new, 0 changed, 0 unchanged product(s); 1 new or changed categories; 0 bad row(s)\n");
    assert_eq!(skus(&installation), ["A1", "A2"]);
    let said = installation.run(&IMPORT);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("0 new, 0 changed, 2 unchanged"), "{said:?}");
}

#[test]
fn one_bad_row_stops_an_import_and_every_bad_row_is_named_with_its_line() {
    let rows = [row("A1", "100", "3"), row("A2", "dear", "3"), row("A3", "300", "-1"), "A4,a4\n".to_owned()];
    let installation = desk(goods(&rows));
    let said = installation.run(&IMPORT);
    assert_eq!(said.code, Some(1), "{said:?}");
    for words in [
        "products line 3 (A2): price \"dear\" is not a whole number",
        "products line 4 (A3): stock \"-1\" is not a whole number",
        "products line 5 (A4): 2 cells where the header has 13",
        "3 bad row(s), nothing was imported",
        "--keep-good",
    ] {
        assert!(said.err.contains(words), "{words}: {said:?}");
    }
    assert!(!said.err.contains("(A1)"), "{said:?}");
    assert_eq!(articles(&installation), []);
    assert_eq!(count(&installation, "SELECT COUNT(*) FROM category"), 0);
}

#[test]
fn good_rows_beside_bad_ones_are_kept_when_that_is_asked_for_and_the_end_is_still_a_failure() {
    let installation = desk(goods(&[row("A1", "100", "3"), row("A2", "dear", "3"), row("A3", "300", "3")]));
    let said = installation.run(&import(&["--keep-good"]));
    assert_eq!(said.code, Some(1), "a script must hear of the bad row: {said:?}");
    assert!(said.err.contains("products line 3 (A2)") && said.out.starts_with("2 new,"), "{said:?}");
    assert_eq!(skus(&installation), ["A1", "A3"]);
}

#[test]
fn a_dry_run_tells_each_change_and_writes_nothing() {
    let installation = desk(goods(&[row("A1", "100", "3")]));
    let pictures = installation.desk().join("pictures");
    std::fs::create_dir(&pictures).unwrap();
    std::fs::write(pictures.join("blue.svg"), "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='3'/>")
        .unwrap();
    let with_picture = row("A2", "200", "3").replace('\n', ",blue.svg,青,Blue\n");
    let head = format!("{HEAD},picture,picture_alt_ja,picture_alt_en\n");
    installation.file("goods.csv", format!("{head}{with_picture}"));

    let dry = import(&["--pictures", "pictures", "--dry-run"]);
    let said = installation.run(&dry);
    assert_eq!(said.code, Some(0), "{said:?}");
    for words in ["category cloth: new\n", "a2: new, 1 SKU(s)\n", "dry run, nothing was written: 1 new, 0 changed"] {
        assert!(said.out.contains(words), "{words}: {said:?}");
    }
    assert_eq!(articles(&installation), []);
    assert_eq!(count(&installation, "SELECT COUNT(*) FROM category"), 0);
    assert_eq!(files(&installation.data().join("media")), 0, "no picture was kept");

    assert_eq!(installation.run(&import(&["--pictures", "pictures"])).code, Some(0));
    assert!(files(&installation.data().join("media")) > 0);
    let before = articles(&installation);
    installation.file("goods.csv", format!("{head}{}", with_picture.replace(",200,", ",250,")));
    let said = installation.run(&dry);
    assert!(said.code == Some(0) && said.out.contains("A2 price 200 → 250"), "{said:?}");
    assert_eq!(articles(&installation), before);
    installation.file("goods.csv", format!("{head}{}", with_picture.replace(",200,", ",dear,")));
    let said = installation.run(&dry);
    assert!(said.code == Some(1) && said.err.contains("products line 2 (A2)"), "{said:?}");
    assert_eq!(articles(&installation), before);
}

/// Files in `folder`, however deep.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[test]
fn a_file_from_a_japanese_excel_says_what_the_same_file_in_utf8_says() {
    // Among them letters whose second byte is a backslash, which a careless reader takes for one.
    let name = "布、①番の髙い表ソ";
    let cp932 = b"\x95z\x81A\x87@\x94\xd4\x82\xcc\xee\xe0\x82\xa2\x95\\\x83\\";
    let head = "sku,product,category,name_ja,name_en,tax,price,stock";
    let utf8 = format!("{head}\r\nA1,a1,cloth,{name},Cloth,standard,100,3\r\n");
    let (before, after) = utf8.split_once(name).unwrap();
    let installation = desk([before.as_bytes(), &cp932[..], after.as_bytes()].concat());
    assert_eq!(installation.run(&IMPORT).code, Some(0));
    let once = articles(&installation);
    assert_eq!((once.len(), once[0].1.as_str()), (1, name));
    for same in [utf8.clone(), format!("\u{feff}{utf8}")] {
        installation.file("goods.csv", same);
        let said = installation.run(&IMPORT);
        assert!(said.code == Some(0) && said.out.starts_with("0 new, 0 changed, 1 unchanged"), "{said:?}");
    }
    assert_eq!(articles(&installation), once);

    installation.file("goods.csv", [utf8.as_bytes(), b"A2,a2,cloth,\xff\xfe,Cloth,standard,100,3\n"].concat());
    let said = installation.run(&IMPORT);
    assert!(said.code == Some(1) && said.err.contains("goods.csv: line 3 is not UTF-8"), "{said:?}");
    assert_eq!(articles(&installation), once);
}

#[test]
fn quoted_cells_hold_commas_quotes_and_lines_and_the_lines_after_them_are_counted_right() {
    let odd = "A1,a1,cloth,\"布、\"\"青\"\", 一枚\",\"Cloth, blue\",\"一行目\n二行目\",standard,,,,,\"1,320\",3\n";
    let installation = desk(format!("{HEAD}\n{odd}{}", row("A2", "dear", "1")));
    let said = installation.run(&import(&["--keep-good"]));
    assert!(said.code == Some(1) && said.err.contains("products line 4 (A2)"), "{said:?}");
    let kept = articles(&installation);
    assert_eq!((kept[0].1.as_str(), kept[0].3), ("布、\"青\", 一枚", 1_320));
    assert_eq!(kept[0].2, "<p>一行目</p><p>二行目</p>");
}

#[test]
fn a_huge_cell_is_named_by_its_row_and_a_quote_that_never_closes_is_guessed_at() {
    let huge = row("A2", "200", "3").replace("よい品です。", &"長".repeat(1_000_000));
    let rows = [row("A1", "100", "3"), huge, row("A3", "300", "3")];
    let installation = desk(goods(&rows));
    let said = installation.run(&import(&["--keep-good"]));
    assert_eq!(said.code, Some(1), "{:.2000}", said.err);
    assert!(said.err.contains("products line 3 (A2): cell 6 is longer than 64 KiB"), "{:.2000}", said.err);
    assert!(said.err.len() < 2_000, "the cell itself is not written out");
    assert_eq!(skus(&installation), ["A1", "A3"]);

    let many: String = (0..2_000).map(|n| row(&format!("B{n}"), "100", "3")).collect();
    let open = row("A4", "400", "3").replace("よい品です。", "\"よい品です。");
    installation.file("goods.csv", format!("{HEAD}\n{open}{many}"));
    let said = installation.run(&IMPORT);
    assert_eq!(said.code, Some(1), "{:.2000}", said.err);
    assert!(said.err.contains("products line 2 (A4)") && said.err.contains("closing quote"), "{:.2000}", said.err);
    assert_eq!(skus(&installation), ["A1", "A3"]);
}

#[test]
fn an_import_that_cannot_begin_says_what_to_do() {
    let installation = desk("sku,price,colour\n");
    for (arguments, words) in [
        (vec!["import"], "--products"),
        (vec!["import", "--products", "none.csv"], "cannot read none.csv"),
        (vec!["import", "--products", "goods.csv"], "unknown column \"colour\""),
    ] {
        let said = installation.run(&arguments);
        assert!(said.code == Some(1) && said.out.is_empty() && said.err.contains(words), "{arguments:?}: {said:?}");
    }
}

/// A folder that looks like a built site.
fn build_site(installation: &Installation) {
    let pkg = installation.desk().join("target/site/pkg");
    std::fs::create_dir_all(&pkg).unwrap();
    for file in ["noren.css", "noren.js", "noren_bg.wasm"] {
        std::fs::write(pkg.join(file), "").unwrap();
    }
}

on_both_databases!(the_doctor_finds_nothing_bad_in_a_sound_installation);

fn the_doctor_finds_nothing_bad_in_a_sound_installation(installation: &Installation) {
    build_site(installation);
    installation.stock();
    let said = installation.run(&["doctor", "--site", "target/site"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let kind = if installation.database_url().is_some() { "PostgreSQL" } else { "SQLite" };
    assert!(said.out.contains(&format!("well    database: {kind}, up to date")), "{said:?}");
    for words in ["well    built site", "well    key file", "well    mails and jobs: 0 waiting"] {
        assert!(said.out.contains(words), "{words}: {said:?}");
    }
    assert!(!said.out.contains("BAD"), "{said:?}");
}

#[test]
fn the_doctor_tells_what_is_missing_and_how_to_mend_it_and_fails() {
    let installation = Installation::on_sqlite();
    let said = installation.run(&["doctor", "--site", "target/site"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for words in ["BAD     built site: target/site", "make build", "BAD     database:", "`noren migrate`"] {
        assert!(said.out.contains(words), "{words}: {said:?}");
    }
    assert!(said.err.contains("2 thing(s) need mending"), "{said:?}");
    assert!(!installation.data().exists(), "it only looks");

    build_site(&installation);
    assert_eq!(installation.run(&["migrate"]).code, Some(0));
    assert_eq!(installation.run(&["doctor", "--site", "target/site"]).code, Some(0), "mended as it said");
}

#[test]
fn the_doctor_tells_a_database_that_does_not_answer_and_names_no_password() {
    let installation = Installation::on_sqlite();
    build_site(&installation);
    let url = "postgres://noren:a-secret-word@127.0.0.1:1/noren";
    let said = installation.run(&["doctor", "--site", "target/site", "--database-url", url]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("BAD     database: does not open"), "{said:?}");
    assert!(said.out.contains("check NOREN_DATABASE_URL") && said.err.contains("1 thing(s) need mending"), "{said:?}");
    assert!(!format!("{said:?}").contains("a-secret-word"), "{said:?}");
}

#[test]
fn every_fault_of_a_configuration_is_named_at_once_and_nothing_is_begun() {
    let installation = Installation::on_sqlite();
    installation.file("noren.toml", "colour = \"red\"\nsample = 1\n");
    for command in ["serve", "migrate", "doctor"] {
        let mut command =
            installation.command(&[command, "--url", "shop.example", "--trusted-proxies", "proxy.internal"]);
        command.env("NOREN_ADDR", "nowhere").env("NOREN_METRICS_ADDR", "localhost:1").env("NOREN_ENV", "staging");
        let said = said(command.env("NOREN_DATABASE_URL", "mysql://x"));
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
        assert!(said.err.starts_with("the configuration has 8 fault(s):\n"), "{said:?}");
        for words in [
            "unknown setting \"colour\"",
            "sample must be a text in quotes",
            "addr = \"nowhere\"",
            "metrics_addr = \"localhost:1\"",
            "env = \"staging\"",
            "database_url must start with postgres://",
            "url = \"shop.example\" is no address of a shop",
            "\"proxy.internal\" is neither an address nor a network",
        ] {
            assert!(said.err.contains(words), "{words}: {said:?}");
        }
        assert!(!installation.data().exists());
    }
}

#[test]
fn a_port_that_is_taken_is_told_with_the_setting_that_chooses_another() {
    let installation = Installation::on_sqlite();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (shop, metrics, setting) in
        [(address.as_str(), "127.0.0.1:0", "NOREN_ADDR"), ("127.0.0.1:0", address.as_str(), "NOREN_METRICS_ADDR")]
    {
        let mut command = installation.command(&["serve", "--addr", shop, "--metrics-addr", metrics]);
        let said = said(command.env("NOREN_SAMPLE", "off"));
        assert_eq!(said.code, Some(1), "{said:?}");
        let words = format!("cannot listen on {address}");
        assert!(said.err.contains(&words) && said.err.contains(&format!("with {setting}\n")), "{said:?}");
    }
}
