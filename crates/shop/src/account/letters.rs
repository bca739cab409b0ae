//! The mails of the door, written into the outbox together with what they tell about.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::db::Conn;
use crate::{Shop, execute};

async fn enqueue(conn: &mut Conn, shop: &Shop, key: &str, mail: &impl Serialize) -> Result<(), sqlx::Error> {
    let payload = json!({ "account": mail }).to_string();
    execute!(
        conn,
        "INSERT INTO outbox (id, key, topic, payload, run_at) VALUES ($1, $2, 'mail', $3, $4) ON CONFLICT (key) DO NOTHING",
        shop.entropy.uuid(shop.now()),
        key,
        payload.as_str(),
        shop.now()
    )
    .await?;
    Ok(())
}

/// Tells the worker that there is work.
pub fn ring() {}

/// The code that proves the address.
pub async fn registration_code(conn: &mut Conn, shop: &Shop, registration: Uuid, code: String) -> Result<(), sqlx::Error> {
    let mail = json!({ "registration_code": { "registration": registration, "code": code } });
    enqueue(conn, shop, &format!("register-{registration}"), &mail).await
}

/// To the owner of an address that somebody tried to register again.
pub async fn already_registered(conn: &mut Conn, shop: &Shop, registration: Uuid, customer: Uuid) -> Result<(), sqlx::Error> {
    let mail = json!({ "already_registered": { "customer": customer } });
    enqueue(conn, shop, &format!("register-{registration}"), &mail).await
}

/// A sign-in from a browser not seen before.
pub async fn new_device(conn: &mut Conn, shop: &Shop, sign_in: Uuid) -> Result<(), sqlx::Error> {
    let mail = json!({ "new_device": { "sign_in": sign_in } });
    enqueue(conn, shop, &format!("sign-in-{sign_in}"), &mail).await
}
