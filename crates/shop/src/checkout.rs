//! The checkout: what a shopper has filled in, and what it comes to.

mod rows;
#[cfg(test)]
mod tests;

use noren_domain::cart::{Cart, CartView, Totals};
use noren_domain::checkout::{
    Confirmation, ContactForm, Delivery, DeliveryChoice, DeliveryForm, PaymentForm, PaymentMethod, Quote, QuoteLine,
    Step,
};
use noren_domain::form::{Fault, Faults};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::{Day, Method, Slot};
use noren_domain::{Id, Lang, Yen};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Shop;
use crate::db::Conn;
use crate::vault::{Asker, Field, LookFor, Plain, VaultError};
use crate::{address, payment};

/// Most orders of one e-mail address that may wait for their bank transfer. Each of them holds its goods
/// for days, so without a limit one script would empty the shelves and pay for nothing. Presses at the
/// very same moment may pass it by as many on PostgreSQL.
pub const MAX_OPEN_TRANSFERS: u32 = 10;
/// What they may come to, for a few large orders empty the shelves as well as many small ones.
pub const MAX_OPEN_TRANSFER_SUM: Yen = Yen(300_000);

/// Why a checkout does not go on.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// What the shopper can mend in the form sent.
    #[error("the form has faults: {0:?}")]
    Refused(Faults),
    /// There is nothing to buy.
    #[error("the cart is empty")]
    Empty,
    /// This step is missing, or no longer fits the ones before it.
    #[error("step {0:?} is not filled in")]
    Incomplete(Step),
    /// The vault does not seal or open an answer.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What a shopper has filled in so far, opened for showing it back to them.
pub struct Answers {
    /// Who and where; empty at first.
    pub contact: ContactForm,
    /// How and when.
    pub delivery: DeliveryForm,
    /// How it is paid.
    pub payment: PaymentForm,
    /// The first step still missing; [`Step::Confirm`]: none.
    pub next: Step,
}

/// The answers so far for `cart`, and the cart itself as it stands. Of what says who the shopper is, only what
/// `step` shows is read; the rest is empty.
pub async fn answers(shop: &Shop, cart: Id<Cart>, step: Step) -> Result<(Answers, CartView), CheckoutError> {
    let mut conn = shop.db.read().await?;
    let view = crate::cart::view(&mut conn, cart).await?;
    let row = rows::find(&mut conn, cart).await?;
    drop(conn);
    Ok((answers_of(shop, cart, row.as_ref(), &view, step).await?, view))
}

async fn answers_of(
    shop: &Shop,
    cart: Id<Cart>,
    row: Option<&rows::Checkout>,
    view: &CartView,
    step: Step,
) -> Result<Answers, CheckoutError> {
    let Some(row) = row else {
        return Ok(Answers {
            contact: ContactForm::default(),
            delivery: DeliveryForm::default(),
            payment: PaymentForm::default(),
            next: Step::Contact,
        });
    };
    let next = match settle(shop, row, view) {
        Ok(_) => Step::Confirm,
        Err(step) => step,
    };
    let opened = row.open(shop, Asker::of_cart(cart.0, row.customer_id, "checkout"), step).await?;
    let (contact, delivery) = (row.contact(&opened), row.delivery(&opened));
    Ok(Answers { contact, delivery, payment: row.payment(), next })
}

/// Saves who and where, sealed. A 〒 that is known to lie in other prefectures than the one chosen is refused.
pub async fn save_contact(shop: &Shop, cart: Id<Cart>, form: &ContactForm) -> Result<(), CheckoutError> {
    let contact = form.parse().map_err(CheckoutError::Refused)?;
    address::check(&contact.address).map_err(CheckoutError::Refused)?;
    let email = contact.email.canonical();
    loop {
        let whose = rows::whose(shop, cart).await?;
        let index = shop.vault.index(whose.asker(cart), LookFor::Checkout, email).await?;
        let sealed = whose.seal(shop, cart, rows::contact_values(&contact)).await?;
        let mut tx = shop.db.write().await?;
        let row = rows::begin(&mut tx, shop, cart, whose.subject).await?;
        if row.subject_id == whose.subject {
            rows::save_contact(&mut tx, shop, cart, &contact, &sealed, &index.newest).await?;
            tx.commit().await?;
            return Ok(());
        }
        // Another tab has begun the checkout meanwhile: what it is about is sealed for its record.
    }
}

/// Saves how and when.
pub async fn save_delivery(shop: &Shop, cart: Id<Cart>, form: &DeliveryForm) -> Result<(), CheckoutError> {
    let message = sealed_message(shop, cart, form).await?;
    let mut tx = shop.db.write().await?;
    let (row, choice) = chosen(&mut tx, shop, cart, form).await?;
    if message.as_ref().is_some_and(|(subject, _)| row.subject_id != *subject) {
        // The cart was bought in another tab just now, and another one begun.
        return Err(CheckoutError::Incomplete(Step::Contact));
    }
    rows::save_delivery(&mut tx, shop, cart, &choice, message.and_then(|(_, sealed)| sealed)).await?;
    tx.commit().await?;
    Ok(())
}

/// The gift message, if there is one, and the record that it is sealed for.
async fn sealed_message(
    shop: &Shop,
    cart: Id<Cart>,
    form: &DeliveryForm,
) -> Result<Option<(Uuid, Option<Vec<u8>>)>, CheckoutError> {
    if form.gift_message.is_empty() {
        return Ok(None);
    }
    let whose = rows::whose(shop, cart).await?;
    let mut conn = shop.db.read().await?;
    // Nothing is sealed for a form that is refused, or for a checkout that is not there.
    let message = chosen(&mut conn, shop, cart, form).await?.1.gift_message;
    drop(conn);
    let Some(text) = message else { return Ok(None) };
    let sealed = whose.seal(shop, cart, vec![(Field::GiftMessage, Plain::new(text))]).await?;
    Ok(Some((whose.subject, sealed.get(Field::GiftMessage))))
}

/// The delivery that was chosen, against the answers before it and the cart as it is now.
async fn chosen(
    conn: &mut Conn,
    shop: &Shop,
    cart: Id<Cart>,
    form: &DeliveryForm,
) -> Result<(rows::Checkout, DeliveryChoice), CheckoutError> {
    let row = rows::find(conn, cart).await?.ok_or(CheckoutError::Incomplete(Step::Contact))?;
    let prefecture = row.prefecture().ok_or(CheckoutError::Incomplete(Step::Contact))?;
    let view = crate::cart::view(conn, cart).await?;
    let choice = form.parse(prefecture, view.weight_g(), shop.now()).map_err(CheckoutError::Refused)?;
    Ok((row, choice))
}

/// Saves how it is paid.
pub async fn save_payment(shop: &Shop, cart: Id<Cart>, form: &PaymentForm) -> Result<(), CheckoutError> {
    let mut tx = shop.db.write().await?;
    let row = rows::find(&mut tx, cart).await?.ok_or(CheckoutError::Incomplete(Step::Contact))?;
    let prefecture = row.prefecture().ok_or(CheckoutError::Incomplete(Step::Contact))?;
    let method = row.method().ok_or(CheckoutError::Incomplete(Step::Delivery))?;
    let view = crate::cart::view(&mut tx, cart).await?;
    let shipping = method.fee(prefecture, view.weight_g(), view.totals.goods);
    let payment = form.parse(method, view.totals.goods + shipping).map_err(CheckoutError::Refused)?;
    if !payment::offered(shop).contains(&payment) {
        return Err(CheckoutError::Refused(Faults::field("payment", Fault::Choice)));
    }
    if !may_be_paid_by(&mut tx, cart, payment, view.totals.goods + shipping).await? {
        let fault = Fault::OpenTransfers { max: MAX_OPEN_TRANSFERS, yen: MAX_OPEN_TRANSFER_SUM.0 };
        return Err(CheckoutError::Refused(Faults::field("payment", fault)));
    }
    rows::save_payment(&mut tx, shop, cart, payment).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether another order of the checkout's e-mail address, of `total`, may be paid like that.
async fn may_be_paid_by(
    conn: &mut Conn,
    cart: Id<Cart>,
    payment: PaymentMethod,
    total: Yen,
) -> Result<bool, sqlx::Error> {
    if payment != PaymentMethod::Transfer {
        return Ok(true);
    }
    let (open, sum) = rows::open_transfers(conn, cart).await?;
    Ok(open < i64::from(MAX_OPEN_TRANSFERS) && sum + total <= MAX_OPEN_TRANSFER_SUM)
}

/// Everything an order needs, computed now on `conn` (inside the caller's transaction). Lines that
/// are sold out or gone are left out; the confirmation then differs from the one that was shown.
pub async fn quote(conn: &mut Conn, shop: &Shop, cart: Id<Cart>) -> Result<Quote, CheckoutError> {
    let view = crate::cart::view(conn, cart).await?;
    let row = rows::find(conn, cart).await?;
    quote_of(conn, shop, cart, row.as_ref(), view).await
}

async fn quote_of(
    conn: &mut Conn,
    shop: &Shop,
    cart: Id<Cart>,
    row: Option<&rows::Checkout>,
    view: CartView,
) -> Result<Quote, CheckoutError> {
    if view.is_empty() {
        return Err(CheckoutError::Empty);
    }
    let row = row.ok_or(CheckoutError::Incomplete(Step::Contact))?;
    let settled = settle(shop, row, &view).map_err(CheckoutError::Incomplete)?;
    // The step says why, and what to do, when the same is chosen again.
    if !may_be_paid_by(conn, cart, settled.payment, view.totals.goods + settled.shipping).await? {
        return Err(CheckoutError::Incomplete(Step::Payment));
    }
    Ok(assemble(row, view, settled))
}

/// The answers of a checkout that fit each other and the cart.
struct Settled {
    prefecture: Prefecture,
    delivery: Delivery,
    payment: PaymentMethod,
    shipping: Yen,
}

/// Checks the answers against each other, the cart and the calendar; names the first step that
/// does not hold.
fn settle(shop: &Shop, row: &rows::Checkout, view: &CartView) -> Result<Settled, Step> {
    let prefecture = row.prefecture().filter(|_| row.has_contact()).ok_or(Step::Contact)?;
    let method = row.method().filter(|method| method.takes(view.weight_g())).ok_or(Step::Delivery)?;
    let earliest = method.earliest(shop.now(), prefecture);
    let date = match row.delivery_date.as_deref() {
        Some(iso) => Some(Day::from_iso(iso).filter(|day| *day >= earliest).ok_or(Step::Delivery)?.iso()),
        None => None,
    };
    let shipping = method.fee(prefecture, view.weight_g(), view.totals.goods);
    let payment = row
        .payment_method
        .as_deref()
        .and_then(PaymentMethod::from_word)
        .filter(|payment| payment::offered(shop).contains(payment))
        .filter(|payment| payment.check(method, view.totals.goods + shipping).is_ok())
        .ok_or(Step::Payment)?;
    let slot = row.delivery_slot.as_deref().and_then(Slot::from_word);
    let delivery = Delivery { method, date, slot, gift_wrap: row.gift_wrap, earliest: earliest.iso() };
    Ok(Settled { prefecture, delivery, payment, shipping })
}

fn assemble(row: &rows::Checkout, view: CartView, settled: Settled) -> Quote {
    let lines: Vec<QuoteLine> = view
        .lines
        .into_iter()
        .filter(|line| line.quantity > 0)
        .map(|line| QuoteLine {
            variant_id: line.variant,
            sku: line.sku,
            slug: line.slug,
            name: line.name,
            options: line.options,
            picture: line.picture,
            price: line.price,
            quantity: line.quantity,
            tax_class: line.tax_class,
        })
        .collect();
    let sums: Vec<_> = lines.iter().map(|line| (line.tax_class, line.sum())).collect();
    Quote {
        order_id: row.order_id,
        subject: row.subject_id,
        revision: row.updated_at,
        totals: Totals::of(&sums, settled.shipping, settled.payment.fee()),
        lines,
        delivery: settled.delivery,
        payment: settled.payment,
        prefecture: settled.prefecture,
    }
}

/// The final confirmation in `lang`, with the answers it is about and the cart with its differences.
pub async fn confirmation(
    shop: &Shop,
    cart: Id<Cart>,
    lang: Lang,
) -> Result<(Confirmation, Answers, CartView), CheckoutError> {
    let mut conn = shop.db.read().await?;
    let view = crate::cart::view(&mut conn, cart).await?;
    let row = rows::find(&mut conn, cart).await?;
    // Whoever cannot go on here is not read for nothing: the quote comes first.
    let quote = quote_of(&mut conn, shop, cart, row.as_ref(), view.clone()).await?;
    drop(conn);
    let answers = answers_of(shop, cart, row.as_ref(), &view, Step::Confirm).await?;
    Ok((Confirmation::of(&quote, lang), answers, view))
}

/// SHA-256 of a confirmation exactly as it is shown: kept with the order.
pub fn shown_hash(confirmation: &Confirmation) -> [u8; 32] {
    hash_of(&confirmation.canonical())
}

/// SHA-256 of the canonical text of a confirmation.
pub fn hash_of(canonical: &str) -> [u8; 32] {
    Sha256::digest(canonical.as_bytes()).into()
}

/// [`shown_hash`] as the confirmation page's form carries it: 64 hexadecimal digits.
pub fn hash_words(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::with_capacity(64), |mut words, byte| {
        for half in [byte >> 4, byte & 15] {
            words.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
        words
    })
}

/// Reads [`hash_words`].
pub fn hash_from_words(words: &str) -> Option<[u8; 32]> {
    if words.len() != 64 || !words.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut hash = [0; 32];
    for (i, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&words[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(hash)
}

/// The ways to deliver a load of `weight_g` grams.
pub fn methods(weight_g: u64) -> Vec<Method> {
    Method::ALL.into_iter().filter(|method| method.takes(weight_g)).collect()
}
