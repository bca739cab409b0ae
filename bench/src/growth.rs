//! The same pages of a small and a large shop, on both databases: what more goods cost.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tokio::process::Command;

use crate::load::{self, AnyError, Browser, escape};
use crate::running::{Running, noren};

const SMALL: usize = 1_000;
const LARGE: usize = 100_000;
/// Both shops are asked in turns, one request at a time: what is compared is the work for an answer.
const TURNS: usize = 5;
const LENGTH: Duration = Duration::from_secs(3);

const CATEGORIES: [&str; 10] =
    ["tenugui", "noren", "furoshiki", "utsuwa", "kitchen", "paper", "scent", "tea", "sweets", "seasoning"];
/// Words that hundreds of products have, and words of few; one character, two and more; Latin too.
const SEARCHES: [&str; 10] = ["藍", "波", "青海波", "ちどり", "桜", "cup", "indigo", "手ぬぐい", "茶", "pine green"];

/// One kind of page.
struct Kind {
    name: &'static str,
    /// Addresses on the small shop.
    few: Vec<String>,
    /// Addresses on the large one.
    many: Vec<String>,
}

/// Prints how quickly each database is stocked, and what lists, searches and products cost.
pub async fn print(scratch: &Path) -> Result<(), AnyError> {
    println!("\nGrowth: {SMALL} and {LARGE} products, one request at a time, {TURNS} turns of {LENGTH:?} each");
    let files = [sample(scratch, SMALL).await?, sample(scratch, LARGE).await?];
    compare("SQLite", &files, scratch, &[None, None]).await?;
    let Ok(server) = std::env::var("NOREN_TEST_DATABASE_URL") else {
        println!("  PostgreSQL: NOREN_TEST_DATABASE_URL names no server; `scripts/bench growth` starts one");
        return Ok(());
    };
    let urls = [database(&server, "noren_bench_small").await?, database(&server, "noren_bench_large").await?];
    compare("PostgreSQL", &files, scratch, &urls.map(Some)).await
}

/// A file of so many products.
async fn sample(scratch: &Path, products: usize) -> Result<PathBuf, AnyError> {
    let path = scratch.join(format!("products-{products}.csv"));
    let file = std::fs::File::create(&path)?;
    let written = Command::new(noren()).args(["sample", "--products", &products.to_string()]).stdout(file).status();
    if written.await?.success() { Ok(path) } else { Err("`noren sample` failed".into()) }
}

/// An empty database of its own on the server at `url`.
async fn database(url: &str, name: &str) -> Result<String, AnyError> {
    let mut conn = PgConnection::connect(url).await?;
    for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await?;
    }
    let (before, _) = url.rsplit_once('/').ok_or("the address of the server names no database")?;
    Ok(format!("{before}/{name}"))
}

async fn compare(
    database: &str,
    files: &[PathBuf; 2],
    scratch: &Path,
    urls: &[Option<String>; 2],
) -> Result<(), AnyError> {
    let small = open(database, &files[0], scratch, urls[0].as_deref()).await?;
    let large = open(database, &files[1], scratch, urls[1].as_deref()).await?;
    let (at_small, at_large) = (visitor(&small).await?, visitor(&large).await?);
    for kind in kinds(&small, &large).await? {
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            let few = load::pages(&kind.few, &at_small, 1, LENGTH).await?;
            let many = load::pages(&kind.many, &at_large, 1, LENGTH).await?;
            turns.push((many.quantile_ms(990) / few.quantile_ms(990), few, many));
        }
        turns.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (ratio, few, many) = &turns[TURNS / 2];
        println!(
            "  {database}, {}: p50 {:.2} and {:.2} ms, p99 {:.2} and {:.2} ms; p99 ratio {ratio:.2} (turns {:.2} to {:.2}; goal 1.5)",
            kind.name,
            few.quantile_ms(500),
            many.quantile_ms(500),
            few.quantile_ms(990),
            many.quantile_ms(990),
            turns[0].0,
            turns[TURNS - 1].0,
        );
    }
    Ok(())
}

/// A shop stocked from `file` by `noren import`, as a shop owner does it, and opened.
async fn open(database: &str, file: &Path, scratch: &Path, url: Option<&str>) -> Result<Running, AnyError> {
    let data = scratch.join(format!("{database}-{}", file.file_stem().unwrap_or_default().to_string_lossy()));
    let started = Instant::now();
    let mut import = Command::new(noren());
    import.arg("import").arg("--data").arg(&data).args(url.map(|url| format!("--database-url={url}")));
    import.args(["--categories", "sample/categories.csv", "--products"]).arg(file);
    let done = import.env("NOREN_LOG", "error").output().await?;
    if !done.status.success() {
        return Err(format!("the import failed: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    let said = String::from_utf8_lossy(&done.stdout);
    println!("  {database}: imported in {:.1} s: {}", started.elapsed().as_secs_f64(), said.trim());
    let opened = Instant::now();
    let shop = Running::stocked_shop(&data, url).await?;
    println!("  {database}: ready to serve after {:.0} ms", opened.elapsed().as_secs_f64() * 1_000.0);
    Ok(shop)
}

async fn kinds(small: &Running, large: &Running) -> Result<Vec<Kind>, AnyError> {
    let mut browser = Browser::open(small.addr).await?;
    let (mut facets, mut deep) = (Vec::new(), Vec::new());
    for category in CATEGORIES {
        let page = body(&mut browser, &format!("/c/{category}")).await?;
        for input in page.split("<input").filter(|input| input.contains("name=\"f.")).take(6) {
            let (Some(name), Some(value)) = (attribute(input, "name"), attribute(input, "value")) else { continue };
            facets.push(format!("/c/{category}?{name}={}", escape(value)));
        }
        deep.extend(["price", "-price", "new"].map(|sort| format!("/c/{category}?sort={sort}&page=2")));
    }
    let lists = CATEGORIES.iter().map(|category| format!("/c/{category}")).collect();
    let searches = SEARCHES.iter().map(|words| format!("/search?q={}", escape(words))).collect();
    let both = |name, addresses: Vec<String>| Kind { name, few: addresses.clone(), many: addresses };
    Ok(vec![
        both("list", lists),
        both("list, sorted, second page", deep),
        both("list, one facet chosen", facets),
        both("search", searches),
        Kind {
            name: "product",
            few: products(&mut browser).await?,
            many: products(&mut Browser::open(large.addr).await?).await?,
        },
    ])
}

/// Products from every category's list.
async fn products(browser: &mut Browser) -> Result<Vec<String>, AnyError> {
    let mut found = Vec::new();
    for category in CATEGORIES {
        let page = body(browser, &format!("/c/{category}")).await?;
        let links = page.split("href=\"/p/").skip(1).filter_map(|rest| rest.split(['"', '?']).next());
        found.extend(links.take(12).map(|slug| format!("/p/{slug}")));
    }
    if found.is_empty() { Err("the lists lead to no product".into()) } else { Ok(found) }
}

async fn body(browser: &mut Browser, path: &str) -> Result<String, AnyError> {
    let answer = browser.get(path).await?;
    if !answer.status.is_success() {
        return Err(format!("{path} answered {}", answer.status).into());
    }
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split('"').next())
}

/// Somebody with a cart: nothing comes from the pages kept for a second.
async fn visitor(shop: &Running) -> Result<Browser, AnyError> {
    let mut stranger = Browser::open(shop.addr).await?;
    let some = products(&mut stranger).await?.swap_remove(0);
    let page = body(&mut stranger, &some).await?;
    let sku = page
        .split("<input")
        .find(|input| input.contains("name=\"sku\""))
        .and_then(|input| attribute(input, "value"))
        .ok_or("the product page has no form")?;
    Browser::with_cart(shop.addr, sku, &some).await
}
