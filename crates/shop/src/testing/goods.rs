//! Goods for tests that need something to buy.

use noren_domain::tax::TaxClass;

use crate::db::Conn;
use crate::{Shop, execute, fetch_one};

/// Puts one product with one variant into the shop; gives the variant's number.
pub async fn put(shop: &Shop, sku: &str, class: TaxClass, price: i64, weight_g: i64, stock: i64) -> i64 {
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO category (id, slug, position, name_ja, name_en, text_ja, text_en)
         VALUES (1, 'goods', 1, '品', 'Goods', '', '') ON CONFLICT DO NOTHING"
    )
    .await
    .unwrap();
    let (next,): (i64,) = fetch_one!(tx, (i64,), "SELECT COALESCE(MAX(id), 0) + 1 FROM product").await.unwrap();
    execute!(
        tx,
        "INSERT INTO product (id, slug, category_id, state, name_ja, name_en, summary_ja, summary_en, text_ja, text_en,
           details_ja, details_en, brand, tax_class, option1_name_ja, option1_name_en, option2_name_ja, option2_name_en,
           option3_name_ja, option3_name_en, price_min, price_max, in_stock, created_at, updated_at)
         VALUES ($1, $2, 1, 'active', $3, $4, '', '', '', '', '', '', 'Noren', $5, '色', 'Colour', '', '', '', '', $6, $6, TRUE, 0, 0)",
        next,
        sku.to_lowercase(),
        format!("品 {sku}"),
        format!("Thing {sku}"),
        class.word(),
        price
    )
    .await
    .unwrap();
    execute!(
        tx,
        "INSERT INTO variant (id, product_id, sku, position, state, option1_ja, option1_en, option2_ja, option2_en, option3_ja, option3_en, price, weight_g)
         VALUES ($1, $1, $2, 1, 'active', '藍', 'Indigo', '', '', '', '', $3, $4)",
        next,
        sku,
        price,
        weight_g
    )
    .await
    .unwrap();
    execute!(tx, "INSERT INTO stock (variant_id, on_hand, reserved) VALUES ($1, $2, 0)", next, stock).await.unwrap();
    tx.commit().await.unwrap();
    next
}

/// Puts in a product that is nothing but a number, in a category of its own kind.
pub async fn bare(conn: &mut Conn, id: i64) {
    let category = "INSERT INTO category (id, slug, position, name_ja, name_en, text_ja, text_en) \
                    VALUES (1, 'goods', 1, '品', 'Goods', '', '') ON CONFLICT DO NOTHING";
    execute!(conn, category).await.unwrap();
    execute!(
        conn,
        "INSERT INTO product (id, slug, category_id, state, name_ja, name_en, summary_ja, summary_en, text_ja, text_en,
           details_ja, details_en, brand, tax_class, option1_name_ja, option1_name_en, option2_name_ja, option2_name_en,
           option3_name_ja, option3_name_en, price_min, price_max, in_stock, created_at, updated_at)
         VALUES ($1, $2, 1, 'active', '', '', '', '', '', '', '', '', '', 'standard', '', '', '', '', '', '', 1, 1, TRUE, 0, 0)",
        id,
        format!("bare-{id}")
    )
    .await
    .unwrap();
}

/// Changes the price of a variant.
pub async fn price(shop: &Shop, variant: i64, price: i64) {
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE variant SET price = $1 WHERE id = $2", price, variant).await.unwrap();
    tx.commit().await.unwrap();
}

/// Sets what stands on the shelf.
pub async fn stock(shop: &Shop, variant: i64, on_hand: i64) {
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE stock SET on_hand = $1 WHERE variant_id = $2", on_hand, variant).await.unwrap();
    tx.commit().await.unwrap();
}

/// Takes a variant out of the shop.
pub async fn archive(shop: &Shop, variant: i64) {
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE variant SET state = 'archived' WHERE id = $1", variant).await.unwrap();
    tx.commit().await.unwrap();
}
