//! `kill -9` in the middle of checkouts: no order that was confirmed is lost, no stock leaks, and
//! nothing is half made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use noren_shop::clock::{Clock, Entropy};
use noren_shop::db::Db;
use noren_shop::person::Keys;
use noren_shop::token::Token;
use noren_shop::{Parts, Shop, fetch_all, fetch_one, order, outbox};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const CRASHES: usize = 5;
const SHOPPERS: usize = 4;
/// Confirmed orders between two crashes.
const ORDERS_BETWEEN: usize = 6;

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
        let address = address.recv().expect("the server says where it listens");
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

    /// Buys one thing; gives the token of the order page.
    fn buy(&mut self, sku: &str, payment: &str) -> Result<Option<String>, Gone> {
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
        Ok(to.strip_prefix("/orders/").map(|token| token.split('?').next().unwrap_or_default().to_owned()))
    }
}

/// The shop's folder looked at from outside, an hour after everything happened.
async fn an_hour_later(data: &Path) -> Shop {
    let db = Db::sqlite(&data.join("noren.sqlite")).await.unwrap();
    let keys = Keys::open_or_create(&data.join("keys/shop.key"), &Entropy::System).unwrap();
    let later = Clock::fixed(Clock::System.now() + 60 * 60 * 1000);
    let url = "http://127.0.0.1".to_owned();
    Shop::new(Parts { db, keys, clock: later, entropy: Entropy::System, data: data.to_owned(), url, development: true })
}

#[test]
fn a_crash_in_the_middle_of_checkouts_loses_no_confirmed_order_and_leaks_no_stock() {
    let data = tempfile::tempdir().unwrap();
    let confirmed = Mutex::new(BTreeSet::new());
    Server::start(data.path()).crash();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let at_first: BTreeMap<i64, i64> = runtime.block_on(on_hand(data.path()));
    let skus: Vec<String> = runtime.block_on(async {
        let shop = an_hour_later(data.path()).await;
        let sql = "SELECT v.sku FROM variant v JOIN stock s ON s.variant_id = v.id WHERE s.on_hand >= 20 ORDER BY v.sku LIMIT 8";
        let rows = fetch_all!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
        shop.db.close().await;
        rows.into_iter().map(|(sku,)| sku).collect()
    });

    for round in 0..CRASHES {
        let server = Server::start(data.path());
        let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for shopper in 0..SHOPPERS {
                let (url, skus, stop, done, confirmed) = (server.url.clone(), &skus, &stop, &done, &confirmed);
                scope.spawn(move || {
                    let payments = ["cash", "transfer", "card"];
                    for turn in 0.. {
                        if stop.load(Ordering::SeqCst) {
                            return;
                        }
                        let sku = &skus[(round + shopper + turn) % skus.len()];
                        match Shopper::new(&url).buy(sku, payments[(shopper + turn) % payments.len()]) {
                            Ok(Some(token)) => drop(confirmed.lock().unwrap().insert(token)),
                            Ok(None) => {}
                            Err(Gone) => return,
                        }
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            // The crash comes while the others are on their way.
            while done.load(Ordering::SeqCst) < ORDERS_BETWEEN {
                std::thread::yield_now();
            }
            server.crash();
            stop.store(true, Ordering::SeqCst);
        });
    }

    let confirmed = confirmed.into_inner().unwrap();
    assert!(confirmed.len() >= CRASHES, "only {} orders were confirmed", confirmed.len());
    runtime.block_on(async {
        let shop = an_hour_later(data.path()).await;
        for token in &confirmed {
            let view =
                order::view(&shop, &Token::parse(token).expect("the page's address holds a token")).await.unwrap();
            assert!(view.is_some(), "a confirmed order is gone");
        }
        while outbox::run_due(&shop).await.unwrap() > 0 {}
        order::sweep(&shop).await.unwrap();
        books_balance(&shop, &at_first).await;
        shop.db.close().await;
    });
}

async fn on_hand(data: &Path) -> BTreeMap<i64, i64> {
    let shop = an_hour_later(data).await;
    let rows =
        fetch_all!(shop.db.read().await.unwrap(), (i64, i64), "SELECT variant_id, on_hand FROM stock").await.unwrap();
    shop.db.close().await;
    rows.into_iter().collect()
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
