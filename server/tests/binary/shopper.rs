//! A browser without scripts, over the network: it follows nothing by itself and keeps cookies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One address may have only so many transfers open, and many people buy here.
static BUYERS: AtomicUsize = AtomicUsize::new(0);

/// Somebody on the way to an order.
#[derive(Clone)]
pub struct Shopper {
    agent: ureq::Agent,
    url: String,
    cookies: BTreeMap<String, String>,
    /// How many requests were sent.
    pub requests: usize,
}

/// The server went away in the middle of a request.
#[derive(Debug)]
pub struct Gone;

/// What the shop has promised so far, and what it must still know after a crash.
#[derive(Default)]
pub struct Promised {
    /// Secrets of the pages of confirmed orders.
    pub orders: Mutex<BTreeSet<String>>,
    /// Payments, written down before the bank learns of them: the crash may come between its answer
    /// and ours.
    pub payments: Mutex<BTreeSet<String>>,
}

impl Promised {
    /// Notes the order that `location` leads to, if it leads to one.
    fn note(&self, location: &str) {
        if let Some(token) = order_token(location) {
            self.orders.lock().unwrap().insert(token.to_owned());
        }
    }
}

/// The secret in the address of an order's page.
pub fn order_token(location: &str) -> Option<&str> {
    location.rsplit_once("/orders/").map(|(_, token)| token.split('?').next().unwrap_or_default())
}

impl Shopper {
    /// Somebody who has never been here.
    pub fn new(url: &str) -> Self {
        let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into();
        Self { agent, url: url.to_owned(), cookies: BTreeMap::new(), requests: 0 }
    }

    fn cookie_line(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Opens a page: its status, where it leads, its text.
    pub fn get(&mut self, path: &str) -> Result<(u16, String, String), Gone> {
        self.requests += 1;
        let request = self
            .agent
            .get(format!("{}{path}", self.url))
            .header("accept", "text/html")
            .header("cookie", self.cookie_line());
        let mut response = request.call().map_err(|_| Gone)?;
        let (status, location) = (response.status().as_u16(), location(response.headers()));
        response.body_mut().read_to_string().map(|text| (status, location, text)).map_err(|_| Gone)
    }

    /// Sends a form; gives where it leads.
    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<String, Gone> {
        self.requests += 1;
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
        Ok(location(response.headers()))
    }

    /// Goes from an empty cart to the confirmation; gives what its button carries.
    pub fn reach_confirmation(&mut self, sku: &str, payment: &str) -> Result<String, Gone> {
        self.post("/api/cart/add", &[("sku", sku), ("quantity", "1")])?;
        let email = format!("buyer-{}@example.jp", BUYERS.fetch_add(1, Ordering::Relaxed));
        self.post(
            "/api/checkout/save-contact",
            &[
                ("email", &email),
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
        self.seen()
    }

    /// What the button of the confirmation carries.
    fn seen(&mut self) -> Result<String, Gone> {
        let (_, _, page) = self.get("/checkout/confirm")?;
        let seen = page.split_once("name=\"seen\" value=\"").and_then(|(_, rest)| rest.split('"').next());
        Ok(seen.expect("the confirmation has a button").to_owned())
    }

    /// Presses the last button; gives where it leads.
    pub fn place(&mut self, seen: &str) -> Result<String, Gone> {
        self.post("/api/checkout/place", &[("seen", seen)])
    }

    /// Presses it twice at once; both answers lead to the same page.
    fn place_twice(&mut self, seen: &str, promised: &Promised) -> Result<String, Gone> {
        let mut other = self.clone();
        let (one, two) = std::thread::scope(|scope| {
            let two = scope.spawn(move || other.place(seen));
            (self.place(seen), two.join().unwrap())
        });
        for location in [&one, &two].into_iter().flatten() {
            promised.note(location);
        }
        if let (Ok(one), Ok(two)) = (&one, &two) {
            assert_eq!(one, two, "two presses, one order");
        }
        one.and(two)
    }

    /// Buys one thing with an impatient finger, and pays when it is paid by card.
    pub fn buy(&mut self, sku: &str, payment: &str, promised: &Promised) -> Result<(), Gone> {
        let seen = self.reach_confirmation(sku, payment)?;
        let mut to = self.place_twice(&seen, promised)?;
        // At 14:00 in Japan the day of delivery moves on, and with it the confirmation: it is shown once more.
        if to == "/checkout/confirm" {
            let seen = self.seen()?;
            to = self.place_twice(&seen, promised)?;
        }
        let Some(pass) = to.strip_prefix("/test-bank/pay/") else {
            assert!(to.starts_with("/orders/"), "a press leads to \"{to}\"");
            return Ok(());
        };
        let (reference, _) = pass.rsplit_once('.').expect("a reference and its proof");
        promised.payments.lock().unwrap().insert(reference.to_owned());
        self.post(&to, &[("choice", "succeed")])?;
        let (_, back, _) = self.get(&format!("/pay/return/{pass}"))?;
        promised.note(&back);
        Ok(())
    }
}

fn location(headers: &ureq::http::HeaderMap) -> String {
    headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned()
}
