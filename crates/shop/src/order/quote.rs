//! What an order would be made of, computed inside the transaction that places it.

use noren_domain::cart::{Cart, Totals};
use noren_domain::checkout::{Delivery, PaymentMethod, Quote, QuoteLine, Step};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::{Method, Slot};
use noren_domain::tax::TaxClass;
use noren_domain::{Id, Text, Yen};
use uuid::Uuid;

use crate::db::Conn;
use crate::{Shop, fetch_all, fetch_optional};

/// There is nothing to quote.
#[derive(Debug, thiserror::Error)]
pub(super) enum QuoteError {
    #[error("the cart is empty")]
    Empty,
    #[error("step {0:?} is not filled in")]
    Incomplete(Step),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

#[derive(sqlx::FromRow)]
struct CheckoutRow {
    order_id: Uuid,
    subject_id: Uuid,
    has_contact: bool,
    prefecture: Option<i64>,
    delivery_method: Option<String>,
    delivery_date: Option<String>,
    delivery_slot: Option<String>,
    gift_wrap: bool,
    payment_method: Option<String>,
    updated_at: i64,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    variant_id: i64,
    quantity: i64,
    price: i64,
    weight_g: i64,
    sku: String,
    slug: String,
    tax_class: String,
    name_ja: String,
    name_en: String,
    option1_ja: String,
    option1_en: String,
    option2_ja: String,
    option2_en: String,
    option3_ja: String,
    option3_en: String,
    picture: Option<String>,
}

/// The quote for `cart` as everything stands now; the prices are the catalogue's, never the cart's.
pub(super) async fn quote(conn: &mut Conn, shop: &Shop, cart: Id<Cart>) -> Result<Quote, QuoteError> {
    let row = fetch_optional!(
        conn,
        CheckoutRow,
        "SELECT order_id, subject_id, prefecture, delivery_method, delivery_date, delivery_slot, gift_wrap, payment_method, updated_at, \
           (email IS NOT NULL AND name IS NOT NULL AND postal_code IS NOT NULL AND city IS NOT NULL AND street IS NOT NULL AND phone IS NOT NULL) AS has_contact \
         FROM checkout WHERE cart_id = $1",
        cart.0
    )
    .await?
    .ok_or(QuoteError::Incomplete(Step::Contact))?;
    let rows = fetch_all!(
        conn,
        LineRow,
        "SELECT l.variant_id, l.quantity, v.price, v.weight_g, v.sku, p.slug, p.tax_class, p.name_ja, p.name_en, \
           v.option1_ja, v.option1_en, v.option2_ja, v.option2_en, v.option3_ja, v.option3_en, \
           COALESCE(own.hash, (SELECT hash FROM picture WHERE product_id = p.id ORDER BY position LIMIT 1)) AS picture \
         FROM cart_line l JOIN variant v ON v.id = l.variant_id JOIN product p ON p.id = v.product_id LEFT JOIN picture own ON own.id = v.picture_id \
         WHERE l.cart_id = $1 AND v.state = 'active' AND p.state = 'active' ORDER BY l.added_at, l.variant_id",
        cart.0
    )
    .await?;
    if rows.is_empty() {
        return Err(QuoteError::Empty);
    }
    let prefecture = row.prefecture.and_then(|n| u8::try_from(n).ok()).and_then(|n| Prefecture::try_from(n).ok());
    let prefecture = prefecture.filter(|_| row.has_contact).ok_or(QuoteError::Incomplete(Step::Contact))?;
    let method =
        row.delivery_method.as_deref().and_then(Method::from_word).ok_or(QuoteError::Incomplete(Step::Delivery))?;
    let payment = row
        .payment_method
        .as_deref()
        .and_then(PaymentMethod::from_word)
        .ok_or(QuoteError::Incomplete(Step::Payment))?;
    let weight = rows.iter().map(|l| u64::try_from(l.weight_g * l.quantity).unwrap_or(0)).sum();
    let lines: Vec<QuoteLine> = rows.into_iter().map(line).collect();
    let sums: Vec<(TaxClass, Yen)> = lines.iter().map(|l| (l.tax_class, l.sum())).collect();
    let goods = sums.iter().map(|(_, sum)| *sum).sum();
    let earliest = method.earliest(shop.now(), prefecture).iso();
    Ok(Quote {
        order_id: row.order_id,
        subject: row.subject_id,
        revision: row.updated_at,
        totals: Totals::of(&sums, method.fee(prefecture, weight, goods), payment.fee()),
        lines,
        delivery: Delivery {
            method,
            date: row.delivery_date,
            slot: row.delivery_slot.as_deref().and_then(Slot::from_word),
            gift_wrap: row.gift_wrap,
            earliest,
        },
        payment,
        prefecture,
    })
}

fn line(row: LineRow) -> QuoteLine {
    let join = |options: [&str; 3]| options.into_iter().filter(|o| !o.is_empty()).collect::<Vec<_>>().join(" / ");
    QuoteLine {
        variant_id: row.variant_id,
        name: Text::new(row.name_ja, row.name_en),
        options: Text::new(
            join([&row.option1_ja, &row.option2_ja, &row.option3_ja]),
            join([&row.option1_en, &row.option2_en, &row.option3_en]),
        ),
        picture: row.picture,
        price: Yen(row.price),
        quantity: u32::try_from(row.quantity).unwrap_or(0),
        tax_class: TaxClass::from_word(&row.tax_class).unwrap_or(TaxClass::Standard),
        sku: row.sku,
        slug: row.slug,
    }
}
