//! `kill -9` in the middle of checkouts: no order that was confirmed is lost, no money that was paid
//! is without its order or its way back, no stock leaks, and nothing is half made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use noren_domain::order::{OrderState, PaymentState};
use noren_shop::clock::{Clock, Entropy};
use noren_shop::db::Db;
use noren_shop::person::Keys;
use noren_shop::token::Token;
use noren_shop::{Parts, Shop, execute, fetch_all, fetch_one, order};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const CRASHES: usize = 5;
const SHOPPERS: usize = 4;
/// Confirmed orders between two crashes.
const ORDERS_BETWEEN: usize = 6;
/// Longest wait for the shoppers of one round, or for a started server to tidy up after a crash.
const PATIENCE: Duration = Duration::from_mins(5);

/// A running `noren serve`, killed without a word when it is told to crash.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_noren"))
            .args([
                "serve",
                "--addr",
                "127.0.0.1:0",
                "--metrics-addr",
                "127.0.0.1:0",
                "--url",
                "http://127.0.0.1",
                "--data",
            ])
            .arg(data)
            .current_dir(ROOT)
            .env("NOREN_LOG", "info")
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (found, address) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // Reads on to the end, so that the pipe never fills.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("address=") {
                    let _ = found.send(rest.split_whitespace().next().unwrap_or_default().to_owned());
                }
            }
        });
        let address = address.recv_timeout(PATIENCE).expect("the server says where it listens");
        Self { child, url: format!("http://{address}") }
    }

    fn crash(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A browser without scripts: follows nothing by itself, keeps cookies.
struct Shopper {
    agent: ureq::Agent,
    url: String,
    cookies: BTreeMap<String, String>,
}

/// The server went away in the middle of a request.
struct Gone;

impl Shopper {
    fn new(url: &str) -> Self {
        let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into();
        Self { agent, url: url.to_owned(), cookies: BTreeMap::new() }
    }

    fn cookie_line(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn get(&mut self, path: &str) -> Result<String, Gone> {
        let request = self
            .agent
            .get(format!("{}{path}", self.url))
            .header("accept", "text/html")
            .header("cookie", self.cookie_line());
        let mut response = request.call().map_err(|_| Gone)?;
        response.body_mut().read_to_string().map_err(|_| Gone)
    }

    /// Where a page sends the browser on to.
    fn get_redirect(&mut self, path: &str) -> Result<String, Gone> {
        let request = self.agent.get(format!("{}{path}", self.url)).header("cookie", self.cookie_line());
        let response = request.call().map_err(|_| Gone)?;
        Ok(response.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned())
    }

    /// Sends a form; gives where it leads.
    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<String, Gone> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("accept", "text/html")
            .header("origin", &self.url)
            .header("referer", format!("{}/checkout/confirm", self.url))
            .header("cookie", self.cookie_line());
        let response = request.send_form(fields.iter().copied()).map_err(|_| Gone)?;
        for line in response.headers().get_all("set-cookie") {
            if let Some((name, rest)) = line.to_str().unwrap_or_default().split_once('=') {
                self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap_or_default().to_owned());
            }
        }
        Ok(response.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned())
    }

    /// Buys one thing, and pays when it is paid by card; gives what was promised. `paid` learns of a
    /// payment before the bank does: the crash may come between its answer and ours.
    fn buy(&mut self, sku: &str, payment: &str, paid: &Mutex<BTreeSet<String>>) -> Result<Option<String>, Gone> {
        self.post("/api/cart/add", &[("sku", sku), ("quantity", "1")])?;
        self.post(
            "/api/checkout/save-contact",
            &[
                ("email", "buyer@example.jp"),
                ("name", "暖簾 花子"),
                ("kana", ""),
                ("postal_code", "100-0005"),
                ("prefecture", "13"),
                ("city", "千代田区丸の内"),
                ("street", "1-1"),
                ("building", ""),
                ("phone", "0312345678"),
            ],
        )?;
        self.post("/api/checkout/save-delivery", &[("method", "parcel"), ("date", ""), ("slot", "")])?;
        self.post("/api/checkout/save-payment", &[("payment", payment)])?;
        let page = self.get("/checkout/confirm")?;
        let Some(seen) = page.split_once("name=\"seen\" value=\"").and_then(|(_, rest)| rest.split('"').next()) else {
            return Ok(None);
        };
        let to = self.post("/api/checkout/place", &[("seen", seen)])?;
        if let Some(pass) = to.strip_prefix("/test-bank/pay/") {
            let (reference, _) = pass.rsplit_once('.').expect("a reference and its proof");
            paid.lock().unwrap().insert(reference.to_owned());
            self.post(&to, &[("choice", "succeed")])?;
            let to = self.get_redirect(&format!("/pay/return/{pass}"))?;
            return Ok(to
                .rsplit_once("/orders/")
                .map(|(_, token)| token.split('?').next().unwrap_or_default().to_owned()));
        }
        Ok(to.strip_prefix("/orders/").map(|token| token.split('?').next().unwrap_or_default().to_owned()))
    }
}

/// The shop's folder looked at from outside.
async fn looked_at(data: &Path) -> Shop {
    let db = Db::sqlite(&data.join("noren.sqlite")).await.unwrap();
    let keys = Keys::open_or_create(&data.join("keys/shop.key"), &Entropy::System).unwrap();
    let url = "http://127.0.0.1".to_owned();
    let data = data.to_owned();
    Shop::new(Parts { db, keys, clock: Clock::System, entropy: Entropy::System, data, url, development: true })
}

#[test]
fn a_crash_in_the_middle_of_checkouts_loses_no_order_and_no_money_and_leaks_no_stock() {
    let data = tempfile::tempdir().unwrap();
    let (confirmed, paid) = (Mutex::new(BTreeSet::new()), Mutex::new(BTreeSet::new()));
    Server::start(data.path()).crash();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let at_first: BTreeMap<i64, i64> = runtime.block_on(all_units(data.path()));
    let skus: Vec<String> = runtime.block_on(async {
        let shop = looked_at(data.path()).await;
        let sql = "SELECT v.sku FROM variant v JOIN stock s ON s.variant_id = v.id WHERE s.on_hand >= 20 ORDER BY v.sku LIMIT 8";
        let rows = fetch_all!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
        shop.db.close().await;
        rows.into_iter().map(|(sku,)| sku).collect()
    });

    for round in 0..CRASHES {
        let server = Server::start(data.path());
        let stop = AtomicBool::new(false);
        let (bought, heard) = mpsc::channel();
        let in_time = std::thread::scope(|scope| {
            for shopper in 0..SHOPPERS {
                let (url, skus, stop, bought) = (server.url.clone(), &skus, &stop, bought.clone());
                let (confirmed, paid) = (&confirmed, &paid);
                scope.spawn(move || {
                    let payments = ["cash", "card", "transfer", "card"];
                    for turn in 0.. {
                        if stop.load(Ordering::SeqCst) {
                            return;
                        }
                        let sku = &skus[(round + shopper + turn) % skus.len()];
                        match Shopper::new(&url).buy(sku, payments[(shopper + turn) % payments.len()], paid) {
                            Ok(Some(token)) => drop(confirmed.lock().unwrap().insert(token)),
                            Ok(None) => {}
                            Err(Gone) => return,
                        }
                        let _ = bought.send(());
                    }
                });
            }
            drop(bought);
            // The crash comes while the others are on their way.
            let in_time = (0..ORDERS_BETWEEN).all(|_| heard.recv_timeout(PATIENCE).is_ok());
            server.crash();
            stop.store(true, Ordering::SeqCst);
            in_time
        });
        assert!(in_time, "nobody could buy anything in round {round}");
    }

    let (confirmed, paid) = (confirmed.into_inner().unwrap(), paid.into_inner().unwrap());
    assert!(confirmed.len() >= CRASHES, "only {} orders were confirmed", confirmed.len());
    assert!(paid.len() >= CRASHES, "only {} cards were tried", paid.len());
    runtime.block_on(an_hour_passes(data.path()));
    let server = Server::start(data.path());
    runtime.block_on(until_all_is_tidy(data.path()));
    server.crash();
    runtime.block_on(async {
        let shop = looked_at(data.path()).await;
        for token in &confirmed {
            let token = Token::parse(token).expect("the page's address holds a token");
            let view = order::view(&shop, &token).await.unwrap().expect("a confirmed order is there");
            let stands = view.state == OrderState::Placed || view.payment == PaymentState::Refunded;
            assert!(stands, "a confirmed order is {:?} and {:?}", view.state, view.payment);
        }
        money_is_where_it_belongs(&shop, &paid).await;
        books_balance(&shop, &at_first).await;
        shop.db.close().await;
    });
}

/// Moves all that waits for its time an hour back: payments, jobs, and the leases of the worker that died.
async fn an_hour_passes(data: &Path) {
    let shop = looked_at(data).await;
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE orders SET pay_until = pay_until - 3600000 WHERE state = 'draft'").await.unwrap();
    execute!(tx, "UPDATE outbox SET run_at = run_at - 3600000, leased_until = 0").await.unwrap();
    tx.commit().await.unwrap();
    shop.db.close().await;
}

/// Waits until the running server has swept and sent everything.
async fn until_all_is_tidy(data: &Path) {
    let shop = looked_at(data).await;
    let mut conn = shop.db.read().await.unwrap();
    let tidy = async {
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tick.tick().await;
            let sql = "SELECT (SELECT COUNT(*) FROM orders WHERE state = 'draft' AND payment_state = 'unpaid') \
                       + (SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND failed_at IS NULL)";
            let (open,): (i64,) = fetch_one!(conn, (i64,), sql).await.unwrap();
            if open == 0 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, tidy).await.expect("the restarted server takes up what the crashes left");
    drop(conn);
    shop.db.close().await;
}

/// Units per variant that are on the shelf or were taken from it.
async fn all_units(data: &Path) -> BTreeMap<i64, i64> {
    let shop = looked_at(data).await;
    let sql = "SELECT variant_id, on_hand + COALESCE((SELECT SUM(quantity) FROM reservation r \
               WHERE r.variant_id = s.variant_id AND r.state = 'taken'), 0) FROM stock s";
    let rows = fetch_all!(shop.db.read().await.unwrap(), (i64, i64), sql).await.unwrap();
    shop.db.close().await;
    rows.into_iter().collect()
}

/// Every payment that the bank took has an order that stands and is paid, or has gone back; and the
/// shop's own ledger says the same.
async fn money_is_where_it_belongs(shop: &Shop, paid: &BTreeSet<String>) {
    let mut conn = shop.db.read().await.unwrap();
    let mut taken = 0;
    for reference in paid {
        let (bank, state, payment, total, booked): (String, String, String, i64, i64) = fetch_one!(
            conn,
            (String, String, String, i64, i64),
            "SELECT b.state, o.state, o.payment_state, o.total, \
               COALESCE((SELECT SUM(CASE kind WHEN 'captured' THEN amount ELSE -amount END) FROM payment p WHERE p.order_id = o.id), 0) \
             FROM test_bank b JOIN payment_try t ON t.reference = b.reference JOIN orders o ON o.id = t.order_id WHERE b.reference = $1",
            reference
        )
        .await
        .unwrap();
        match bank.as_str() {
            "succeeded" => assert_eq!((state.as_str(), payment.as_str(), booked), ("placed", "paid", total)),
            "refunded" => assert_eq!((state.as_str(), payment.as_str(), booked), ("cancelled", "refunded", 0)),
            // The crash came before the bank heard of the choice.
            _ => assert_eq!((state.as_str(), booked), ("draft", 0)),
        }
        taken += usize::from(bank == "succeeded");
    }
    assert!(taken > 0, "nobody paid by card");
}

/// What left the shelf is what orders took; what is held is what reservations hold; and an order
/// that was placed is whole: its lines make its total, and its mail has left.
async fn books_balance(shop: &Shop, at_first: &BTreeMap<i64, i64>) {
    let mut conn = shop.db.read().await.unwrap();
    let stock = fetch_all!(
        conn,
        (i64, i64, i64, i64, i64),
        "SELECT s.variant_id, s.on_hand, s.reserved, \
         CAST(COALESCE((SELECT SUM(quantity) FROM reservation r WHERE r.variant_id = s.variant_id AND r.state = 'taken'), 0) AS BIGINT), \
         CAST(COALESCE((SELECT SUM(quantity) FROM reservation r WHERE r.variant_id = s.variant_id AND r.state = 'held'), 0) AS BIGINT) \
         FROM stock s"
    )
    .await
    .unwrap();
    for (variant, on_hand, reserved, taken, held) in stock {
        assert_eq!(on_hand + taken, at_first[&variant], "units of variant {variant} are missing or were invented");
        assert_eq!(reserved, held, "variant {variant} holds units for nobody");
    }
    let sql = "SELECT COUNT(*) FROM orders o WHERE o.goods <> COALESCE((SELECT SUM(price * quantity) FROM order_line l WHERE l.order_id = o.id), 0)";
    let (half_made,): (i64,) = fetch_one!(conn, (i64,), sql).await.unwrap();
    assert_eq!(half_made, 0, "an order without its lines");
    let (placed,): (i64,) =
        fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM orders WHERE placed_at IS NOT NULL").await.unwrap();
    assert!(placed > 0);
    let (waiting,): (i64,) =
        fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL").await.unwrap();
    assert_eq!(waiting, 0, "a mail or a webhook never left");
}
