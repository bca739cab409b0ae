//! Somebody who does not give up: whatever ends while they buy, they press again.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};

use crate::people::{CITY, POSTAL_CODE, Person};
use crate::server::PATIENCE;
use crate::shopper::{Gone, order_token};

/// Where the shop is now; nowhere between the end of one server and the start of the next.
#[derive(Default)]
pub struct Address {
    url: Mutex<Option<String>>,
    moved: Condvar,
}

impl Address {
    /// There it is from now on.
    pub fn is(&self, url: Option<&str>) {
        *self.url.lock().unwrap() = url.map(str::to_owned);
        self.moved.notify_all();
    }

    fn get(&self) -> String {
        let url = self.url.lock().unwrap();
        let (url, _) = self.moved.wait_timeout_while(url, PATIENCE, |url| url.is_none()).unwrap();
        url.clone().expect("the shop comes back")
    }
}

/// How often somebody presses before they call the shop broken.
const TRIES: usize = 20_000;

/// What a page says: its status, where it leads, its text.
pub type Page = (u16, String, String);

/// A browser without scripts.
pub struct Patient<'a> {
    agent: ureq::Agent,
    shop: &'a Address,
    cookies: BTreeMap<String, String>,
    /// Told of each answer that the vault had its part in.
    heard: &'a (dyn Fn() + Sync),
}

/// An order that was confirmed to the one who placed it.
pub struct Ordered {
    /// The secret of its page.
    pub token: String,
    /// How often the confirmation, with the buyer's name in it, was seen on the way.
    pub confirmations: u64,
}

impl<'a> Patient<'a> {
    pub fn new(shop: &'a Address, heard: &'a (dyn Fn() + Sync)) -> Self {
        let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into();
        Self { agent, shop, cookies: BTreeMap::new(), heard }
    }

    fn cookie_line(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn read(&mut self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Page, Gone> {
        let mut answer = answer.map_err(|_| Gone)?;
        for line in answer.headers().get_all("set-cookie") {
            if let Some((name, rest)) = line.to_str().unwrap_or_default().split_once('=') {
                self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap_or_default().to_owned());
            }
        }
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        let status = answer.status().as_u16();
        answer.body_mut().read_to_string().map(|text| (status, to, text)).map_err(|_| Gone)
    }

    /// Opens a page.
    pub fn get(&mut self, path: &str) -> Result<Page, Gone> {
        let request = self.agent.get(format!("{}{path}", self.shop.get())).header("accept", "text/html");
        let answer = request.header("cookie", self.cookie_line()).call();
        self.read(answer)
    }

    /// Sends the form of a page.
    pub fn post(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Result<Page, Gone> {
        let url = self.shop.get();
        let request = self
            .agent
            .post(format!("{url}{path}"))
            .header("accept", "text/html")
            .header("origin", &url)
            .header("referer", format!("{url}{page}"))
            .header("cookie", self.cookie_line());
        let answer = request.send_form(fields.iter().copied());
        self.read(answer)
    }

    /// Sends a form until it leads on to `next`.
    fn until(&mut self, next: &str, page: &str, path: &str, fields: &[(&str, &str)]) {
        let mut last = None;
        for _ in 0..TRIES {
            match self.post(page, path, fields) {
                Ok((_, to, _)) if to.starts_with(next) => return,
                answer => last = Some(answer),
            }
        }
        panic!("{path} never leads to {next}: {last:?}");
    }

    /// Opens the confirmation until it can be read; gives what its button carries, or where it leads instead.
    fn confirmation(&mut self, who: &Person, seen: &mut u64) -> Result<String, String> {
        let mut last = None;
        for _ in 0..TRIES {
            let answer = self.get("/checkout/confirm");
            if let Ok((_, to, page)) = &answer {
                *seen += u64::from(page.contains(&who.name));
                let button = page.split_once("name=\"seen\" value=\"").and_then(|(_, rest)| rest.split('"').next());
                match button {
                    Some(button) => {
                        (self.heard)();
                        return Ok(button.to_owned());
                    }
                    None if !to.is_empty() => return Err(to.clone()),
                    None => {}
                }
            }
            last = Some(answer);
        }
        panic!("the confirmation never opens: {last:?}");
    }

    /// Goes as far as the confirmation.
    pub fn reach_confirmation(&mut self, who: &Person, sku: &str) {
        self.until("/", "/", "/api/cart/add", &[("sku", sku), ("quantity", "1")]);
        let Person { email, name, kana, street, building, phone } = who;
        let contact: [(&str, &str); 9] = [
            ("email", email),
            ("name", name),
            ("kana", kana),
            ("postal_code", POSTAL_CODE),
            ("prefecture", "13"),
            ("city", CITY),
            ("street", street),
            ("building", building),
            ("phone", phone),
        ];
        self.until("/checkout/delivery", "/checkout/contact", "/api/checkout/save-contact", &contact);
        (self.heard)();
        let delivery = [("method", "parcel"), ("date", ""), ("slot", "")];
        self.until("/checkout/payment", "/checkout/delivery", "/api/checkout/save-delivery", &delivery);
        let payment = [("payment", "cash")];
        self.until("/checkout/confirm", "/checkout/payment", "/api/checkout/save-payment", &payment);
    }

    /// Orders one thing, and presses until it is confirmed.
    pub fn order(&mut self, who: &Person, sku: &str) -> Ordered {
        self.reach_confirmation(who, sku);
        let (mut confirmations, mut last) = (0, None);
        let mut seen = self.confirmation(who, &mut confirmations).expect("the confirmation has a button");
        for _ in 0..TRIES {
            let pressed = self.post("/checkout/confirm", "/api/checkout/place", &[("seen", &seen)]);
            if let Ok((_, to, _)) = &pressed {
                if let Some(token) = order_token(to) {
                    (self.heard)();
                    return Ordered { token: token.to_owned(), confirmations };
                }
                if let Ok(anew) = self.confirmation(who, &mut confirmations) {
                    seen = anew;
                }
            }
            last = Some(pressed);
        }
        panic!("the last button never leads to an order: {last:?}");
    }
}
