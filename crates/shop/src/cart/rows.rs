//! SQL of the cart.

use noren_domain::cart::{Cart, CartLineView, Change, MAX_QUANTITY};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::Method;
use noren_domain::tax::TaxClass;
use noren_domain::{Id, Text, Yen};
use uuid::Uuid;

use super::{CartKey, MAX_LINES};
use crate::db::Conn;
use crate::{Shop, execute, fetch_all, fetch_one, fetch_optional};

/// A line with what the catalogue says about it now.
#[derive(sqlx::FromRow)]
pub struct Line {
    variant_id: i64,
    quantity: i64,
    price_seen: i64,
    sku: String,
    slug: String,
    name_ja: String,
    name_en: String,
    option1_ja: String,
    option1_en: String,
    option2_ja: String,
    option2_en: String,
    option3_ja: String,
    option3_en: String,
    price: i64,
    weight_g: i64,
    tax_class: String,
    sold: bool,
    left_over: i64,
    picture: Option<String>,
}

impl Line {
    /// The line as it stands now.
    pub fn view(self) -> CartLineView {
        let asked = units(self.quantity);
        let available = if self.sold { units(self.left_over) } else { 0 };
        let quantity = asked.min(available);
        let price = Yen(self.price);
        CartLineView {
            variant: self.variant_id,
            sku: self.sku,
            slug: self.slug,
            name: Text::new(self.name_ja, self.name_en),
            options: Text::new(
                joined([self.option1_ja, self.option2_ja, self.option3_ja]),
                joined([self.option1_en, self.option2_en, self.option3_en]),
            ),
            picture: self.picture,
            price,
            quantity,
            available,
            sum: Yen(self.price.saturating_mul(i64::from(quantity))),
            tax_class: TaxClass::from_word(&self.tax_class).unwrap_or(TaxClass::Standard),
            weight_g: u32::try_from(self.weight_g).unwrap_or(u32::MAX),
            changes: Change::since(Yen(self.price_seen), asked, price, available, self.sold),
        }
    }
}

fn joined(options: [String; 3]) -> String {
    options.into_iter().filter(|option| !option.is_empty()).collect::<Vec<_>>().join(" / ")
}

/// Units as a line can hold them.
pub fn units(count: i64) -> u32 {
    u32::try_from(count.clamp(0, i64::from(MAX_QUANTITY))).unwrap_or(0)
}

/// Finds a cart.
pub async fn find(conn: &mut Conn, key: &CartKey) -> Result<Option<Id<Cart>>, sqlx::Error> {
    let row = match key {
        CartKey::Guest(token) => {
            fetch_optional!(conn, (Uuid,), "SELECT id FROM cart WHERE token_hash = $1", token.hash().to_vec()).await?
        }
        CartKey::Customer(customer) => {
            fetch_optional!(conn, (Uuid,), "SELECT id FROM cart WHERE customer_id = $1", customer.0).await?
        }
    };
    Ok(row.map(|(id,)| Id::new(id)))
}

/// Finds a cart or begins it; two browsers at once begin one.
pub async fn begin(conn: &mut Conn, shop: &Shop, key: &CartKey) -> Result<Id<Cart>, sqlx::Error> {
    let now = shop.now();
    let (token, customer) = match key {
        CartKey::Guest(token) => (Some(token.hash().to_vec()), None),
        CartKey::Customer(customer) => (None, Some(customer.0)),
    };
    execute!(
        conn,
        "INSERT INTO cart (id, token_hash, customer_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING",
        shop.entropy.uuid(now),
        token.clone(),
        customer,
        now
    )
    .await?;
    find(conn, key).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Units asked for in a cart.
pub async fn count(conn: &mut Conn, key: &CartKey) -> Result<i64, sqlx::Error> {
    let (count,) = match key {
        CartKey::Guest(token) => {
            fetch_one!(
                conn,
                (i64,),
                "SELECT CAST(COALESCE(SUM(l.quantity), 0) AS BIGINT) FROM cart c JOIN cart_line l ON l.cart_id = c.id WHERE c.token_hash = $1",
                token.hash().to_vec()
            )
            .await?
        }
        CartKey::Customer(customer) => {
            fetch_one!(
                conn,
                (i64,),
                "SELECT CAST(COALESCE(SUM(l.quantity), 0) AS BIGINT) FROM cart c JOIN cart_line l ON l.cart_id = c.id WHERE c.customer_id = $1",
                customer.0
            )
            .await?
        }
    };
    Ok(count)
}

/// Lines in the order they were added. What the cart's own unpaid order holds can still be had by
/// it: a shopper who comes back from the bank must not find the goods sold out by themselves.
pub async fn lines(conn: &mut Conn, cart: Id<Cart>) -> Result<Vec<Line>, sqlx::Error> {
    fetch_all!(
        conn,
        Line,
        "SELECT l.variant_id, l.quantity, l.price_seen, v.sku, p.slug, p.name_ja, p.name_en,
                v.option1_ja, v.option1_en, v.option2_ja, v.option2_en, v.option3_ja, v.option3_en,
                v.price, v.weight_g, p.tax_class,
                (v.state = 'active' AND p.state = 'active') AS sold,
                COALESCE(s.on_hand - s.reserved, 0) + COALESCE(r.quantity, 0) AS left_over,
                COALESCE((SELECT hash FROM picture WHERE id = v.picture_id),
                         (SELECT hash FROM picture WHERE product_id = p.id ORDER BY position LIMIT 1)) AS picture
         FROM cart_line l
         JOIN variant v ON v.id = l.variant_id
         JOIN product p ON p.id = v.product_id
         LEFT JOIN stock s ON s.variant_id = v.id
         LEFT JOIN checkout c ON c.cart_id = l.cart_id
         LEFT JOIN reservation r ON r.order_id = c.order_id AND r.variant_id = l.variant_id AND r.state = 'held'
         WHERE l.cart_id = $1
         ORDER BY l.added_at, l.variant_id",
        cart.0
    )
    .await
}

/// What is known about where the cart goes.
#[derive(Default)]
pub struct Address {
    /// The prefecture.
    pub prefecture: Option<Prefecture>,
    /// The delivery method.
    pub method: Option<Method>,
}

/// What the checkout of a cart says about where it goes.
pub async fn address(conn: &mut Conn, cart: Id<Cart>) -> Result<Address, sqlx::Error> {
    let row = fetch_optional!(
        conn,
        (Option<i64>, Option<String>),
        "SELECT prefecture, delivery_method FROM checkout WHERE cart_id = $1",
        cart.0
    )
    .await?;
    Ok(row.map_or_else(Address::default, |(prefecture, method)| Address {
        prefecture: prefecture.and_then(|number| u8::try_from(number).ok()).and_then(|number| number.try_into().ok()),
        method: method.as_deref().and_then(Method::from_word),
    }))
}

/// A variant on sale.
#[derive(sqlx::FromRow)]
pub struct Sold {
    /// Its number.
    pub id: i64,
    price: i64,
    left_over: i64,
}

impl Sold {
    /// Most units a line can hold of it.
    pub fn available(&self) -> u32 {
        units(self.left_over)
    }
}

/// Finds a variant on sale, with what `cart` can have of it.
pub async fn sold(conn: &mut Conn, cart: Option<Id<Cart>>, sku: &str) -> Result<Option<Sold>, sqlx::Error> {
    // PostgreSQL refuses U+0000 in a text; no SKU holds one.
    if sku.contains('\0') {
        return Ok(None);
    }
    fetch_optional!(
        conn,
        Sold,
        "SELECT v.id, v.price, COALESCE(s.on_hand - s.reserved, 0) + COALESCE(r.quantity, 0) AS left_over
         FROM variant v JOIN product p ON p.id = v.product_id LEFT JOIN stock s ON s.variant_id = v.id
         LEFT JOIN checkout c ON c.cart_id = $2
         LEFT JOIN reservation r ON r.order_id = c.order_id AND r.variant_id = v.id AND r.state = 'held'
         WHERE v.sku = $1 AND v.state = 'active' AND p.state = 'active'",
        sku,
        cart.map(|cart| cart.0)
    )
    .await
}

/// Adds units to a line, or makes it; false when that would be more than `most`.
pub async fn add(
    conn: &mut Conn,
    cart: Id<Cart>,
    goods: &Sold,
    quantity: u32,
    most: u32,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let changed = execute!(
        conn,
        "INSERT INTO cart_line (cart_id, variant_id, quantity, price_seen, added_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = cart_line.quantity + excluded.quantity
         WHERE cart_line.quantity + excluded.quantity <= $6",
        cart.0,
        goods.id,
        i64::from(quantity),
        goods.price,
        now,
        i64::from(most)
    )
    .await?;
    Ok(changed == 1)
}

/// Whether a cart has as many lines as it may, and none of them is of this variant.
pub async fn is_full(conn: &mut Conn, cart: Id<Cart>, variant: i64) -> Result<bool, sqlx::Error> {
    let (lines, of_it) = fetch_one!(
        conn,
        (i64, i64),
        "SELECT COUNT(*), COUNT(CASE WHEN variant_id = $2 THEN 1 END) FROM cart_line WHERE cart_id = $1",
        cart.0,
        variant
    )
    .await?;
    Ok(of_it == 0 && lines >= i64::from(MAX_LINES))
}

/// Sets the units of a line; false when there is no such line.
pub async fn set(conn: &mut Conn, cart: Id<Cart>, variant: i64, quantity: u32) -> Result<bool, sqlx::Error> {
    let changed = execute!(
        conn,
        "UPDATE cart_line SET quantity = $1 WHERE cart_id = $2 AND variant_id = $3",
        i64::from(quantity),
        cart.0,
        variant
    )
    .await?;
    Ok(changed == 1)
}

/// Takes a line out.
pub async fn remove(conn: &mut Conn, cart: Id<Cart>, sku: &str) -> Result<(), sqlx::Error> {
    if !sku.contains('\0') {
        execute!(
            conn,
            "DELETE FROM cart_line WHERE cart_id = $1 AND variant_id = (SELECT id FROM variant WHERE sku = $2)",
            cart.0,
            sku
        )
        .await?;
    }
    Ok(())
}

/// The price the shopper has now seen; a newer sight is not overwritten.
pub async fn price_seen(conn: &mut Conn, cart: Id<Cart>, variant: i64, from: Yen, to: Yen) -> Result<(), sqlx::Error> {
    execute!(
        conn,
        "UPDATE cart_line SET price_seen = $1 WHERE cart_id = $2 AND variant_id = $3 AND price_seen = $4",
        to.0,
        cart.0,
        variant,
        from.0
    )
    .await?;
    Ok(())
}

/// Cuts a line down to what there is; a newer choice is not overwritten.
pub async fn cut(conn: &mut Conn, cart: Id<Cart>, variant: i64, from: u32, to: u32) -> Result<(), sqlx::Error> {
    execute!(
        conn,
        "UPDATE cart_line SET quantity = $1 WHERE cart_id = $2 AND variant_id = $3 AND quantity = $4",
        i64::from(to),
        cart.0,
        variant,
        i64::from(from)
    )
    .await?;
    Ok(())
}

/// Notes when a cart was last changed.
pub async fn touch(conn: &mut Conn, cart: Id<Cart>, now: i64) -> Result<(), sqlx::Error> {
    execute!(conn, "UPDATE cart SET updated_at = $1 WHERE id = $2", now, cart.0).await?;
    Ok(())
}

/// Deletes a cart and what hangs on it.
pub async fn delete(conn: &mut Conn, cart: Id<Cart>) -> Result<(), sqlx::Error> {
    execute!(conn, "DELETE FROM cart WHERE id = $1", cart.0).await?;
    Ok(())
}
