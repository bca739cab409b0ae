//! Whole guest checkouts over HTTP, as a browser without scripts makes them: cart, contact,
//! delivery, payment, final confirmation, order.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};

use crate::load::{Answer, AnyError, Browser, Seen, gather};
use crate::running::Running;

const CONNECTIONS: usize = 16;
const LENGTH: Duration = Duration::from_secs(10);
const TURNS: usize = 3;

/// Prints checkouts per second, in turns with the bare transaction.
pub async fn print(shop: &Running, database: &Path, scratch: &Path) -> Result<(), AnyError> {
    println!(
        "\nWhole guest checkouts per second (six requests each): the server on one core, {CONNECTIONS} connections"
    );
    let skus = fill_shelves(database).await?;
    for turn in 1..=TURNS {
        let ours = measure(shop, &skus, CONNECTIONS, LENGTH).await?;
        let bare = bare_transactions(database, &scratch.join(format!("bare-{turn}.sqlite")), LENGTH / 2).await?;
        println!(
            "  {:.0}/s, p50 {:.1} ms, p99 {:.1} ms; bare transaction {bare:.0}/s; ratio {:.3} (goals: 400/s, 0.5)",
            ours.per_second(),
            ours.quantile_ms(500),
            ours.quantile_ms(990),
            ours.per_second() / bare
        );
    }
    Ok(())
}

/// Fills the shelves of the shop over `database`, so that the benchmark measures sales and not shortage.
async fn fill_shelves(database: &Path) -> Result<Vec<String>, AnyError> {
    let mut conn = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(database)).await?;
    sqlx::query("UPDATE stock SET on_hand = 10000000").execute(&mut conn).await?;
    let skus = sqlx::query_scalar("SELECT sku FROM variant ORDER BY sku LIMIT 50").fetch_all(&mut conn).await?;
    conn.close().await?;
    Ok(skus)
}

/// Buys over `connections` connections for `length`; every purchase is a new guest.
async fn measure(shop: &Running, skus: &[String], connections: usize, length: Duration) -> Result<Seen, AnyError> {
    let started = Instant::now();
    let until = started + length;
    let mut tasks = tokio::task::JoinSet::new();
    for buyer in 0..connections {
        let (addr, skus) = (shop.addr, skus.to_vec());
        tasks.spawn(async move {
            let mut browser = Browser::open(addr).await?;
            let mut micros = Vec::new();
            for turn in 0.. {
                if Instant::now() >= until {
                    break;
                }
                browser.forget();
                let began = Instant::now();
                buy(&mut browser, &skus[(buyer * 7 + turn) % skus.len()]).await?;
                micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok::<_, AnyError>(micros)
        });
    }
    gather(tasks, started).await
}

async fn buy(browser: &mut Browser, sku: &str) -> Result<(), AnyError> {
    let contact = [
        ("email", "buyer@example.jp"),
        ("name", "暖簾 花子"),
        ("kana", ""),
        ("postal_code", "100-0005"),
        ("prefecture", "13"),
        ("city", "千代田区丸の内"),
        ("street", "1-1"),
        ("building", ""),
        ("phone", "0312345678"),
    ];
    leads_on(&browser.post("/api/cart/add", "/cart", &[("sku", sku), ("quantity", "1")]).await?)?;
    leads_on(&browser.post("/api/checkout/save-contact", "/checkout/contact", &contact).await?)?;
    let delivery = [("method", "parcel"), ("date", ""), ("slot", "")];
    leads_on(&browser.post("/api/checkout/save-delivery", "/checkout/delivery", &delivery).await?)?;
    leads_on(&browser.post("/api/checkout/save-payment", "/checkout/payment", &[("payment", "cash")]).await?)?;
    let page = browser.get("/checkout/confirm").await?;
    let text = String::from_utf8_lossy(&page.body);
    let seen = text
        .split_once("name=\"seen\" value=\"")
        .and_then(|(_, rest)| rest.split('"').next())
        .ok_or_else(|| format!("the confirmation page answered {} without a form", page.status))?;
    let placed = browser.post("/api/checkout/place", "/checkout/confirm", &[("seen", seen)]).await?;
    match placed.location.as_deref() {
        Some(to) if to.contains("/orders/") => Ok(()),
        to => Err(format!("the order led to {to:?} ({})", placed.status).into()),
    }
}

/// A form that was taken leads to the next page, and says nothing of a fault.
fn leads_on(answer: &Answer) -> Result<(), AnyError> {
    if answer.status.is_redirection() {
        return Ok(());
    }
    Err(format!("a step of the checkout answered {}", answer.status).into())
}

/// The floor: what the same disk gives to one writer that commits the rows of an order and nothing
/// else, in one transaction an order. The rows are those of the last order in `database`, copied
/// byte for byte into tables without constraints.
async fn bare_transactions(database: &Path, scratch: &Path, length: Duration) -> Result<f64, AnyError> {
    let options = SqliteConnectOptions::new()
        .filename(scratch)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    sqlx::query("ATTACH DATABASE $1 AS shop").bind(database.to_string_lossy().as_ref()).execute(&mut conn).await?;
    let last = "(SELECT id FROM shop.orders ORDER BY placed_at DESC LIMIT 1)";
    let tables = [
        ("orders", format!("id = {last}")),
        ("order_line", format!("order_id = {last}")),
        ("order_event", format!("order_id = {last}")),
        ("reservation", format!("order_id = {last}")),
        ("outbox", "id = (SELECT id FROM shop.outbox LIMIT 1)".to_owned()),
    ];
    for (table, of_order) in &tables {
        let known: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM shop.sqlite_master WHERE type = 'table' AND name = $1")
                .bind(table)
                .fetch_one(&mut conn)
                .await?;
        if known == 0 {
            return Err(format!("the shop has no table {table} any more: mend the benchmark's floor").into());
        }
        let copy = format!("CREATE TEMP TABLE one_{table} AS SELECT * FROM shop.{table} WHERE {of_order}");
        sqlx::query(sqlx::AssertSqlSafe(copy)).execute(&mut conn).await?;
        let empty = format!("CREATE TABLE main.{table} AS SELECT * FROM shop.{table} WHERE 0");
        sqlx::query(sqlx::AssertSqlSafe(empty)).execute(&mut conn).await?;
    }
    let started = Instant::now();
    let mut done = 0_u32;
    while started.elapsed() < length {
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
        for (table, _) in &tables {
            let insert = format!("INSERT INTO main.{table} SELECT * FROM one_{table}");
            sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        done += 1;
    }
    Ok(f64::from(done) / started.elapsed().as_secs_f64())
}
