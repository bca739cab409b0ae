//! Where the database says whose something is: it is asked for its own tables, so that a new one is not forgotten.

use noren_domain::address::AddressForm;

use super::*;
use crate::testing::TestShop;

/// Every column that can hold somebody's number, as table and column.
async fn columns(shop: &Shop) -> Vec<(String, String)> {
    let sql = match shop.db.dialect() {
        Dialect::Sqlite => {
            "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND c.type = 'BLOB' AND m.name NOT LIKE 'product_search%'"
        }
        Dialect::Postgres => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type = 'uuid'"
        }
    };
    fetch_all!(shop.db.read().await.unwrap(), (String, String), sql).await.unwrap()
}

/// The columns in which `id` stands.
async fn traces(shop: &Shop, id: Uuid) -> Vec<String> {
    let mut traces = Vec::new();
    for (table, column) in columns(shop).await {
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE {column} = $1"));
        if fetch_one!(shop.db.read().await.unwrap(), (i64,), sql, id).await.unwrap().0 > 0 {
            traces.push(format!("{table}.{column}"));
        }
    }
    traces.sort();
    traces
}

/// Gives the customer what no act of this test leaves behind.
async fn leave_traces(shop: &TestShop, customer: Id<Customer>) {
    let address = AddressForm {
        name: "暖簾 太郎".into(),
        postal_code: "100-0005".into(),
        prefecture: "13".into(),
        city: "千代田区丸の内".into(),
        street: "1-1-1".into(),
        phone: "03-1234-5678".into(),
        ..AddressForm::default()
    };
    account::addresses::add(shop, customer, &address).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    for sql in [
        "INSERT INTO known_device (customer_id, token_hash, since, seen_at) VALUES ($1, $2, $3, $3)",
        "INSERT INTO sign_in (customer_id, at, id, outcome, user_agent, network) VALUES ($1, $3, $4, 'ok', '', '')",
        "INSERT INTO challenge (customer_id, token_hash, created_at, expires_at, id, kind, asks, lang, user_agent, network)
         VALUES ($1, $2, $3, $3, $4, 'sign_in', 'app', 'ja', '', '')",
        "INSERT INTO passkey (customer_id, credential_id, created_at, credential, name, backed_up) VALUES ($1, $2, $3, '', 'key', FALSE)",
        "INSERT INTO passkey_ceremony (customer_id, token_hash, expires_at, id, kind, state) VALUES ($1, $2, $3, $4, 'add', '')",
        "INSERT INTO totp (customer_id, secret, created_at, last_step) VALUES ($1, $2, $3, 0)",
        "INSERT INTO recovery_code (customer_id, hash, made_at) VALUES ($1, $2, $3)",
        "INSERT INTO factor_removal (customer_id, asked_at, due_at) VALUES ($1, $3, $3 + 1)",
        "INSERT INTO dormancy (customer_id, told_at) VALUES ($1, $3)",
        "INSERT INTO notice (published_at, id, no, version, content) VALUES ($3, $4, '1', 'sokuho', '')",
        "INSERT INTO notice_person (customer_id, notice_id, verdicts) SELECT $1, id, '' FROM notice",
        "INSERT INTO notice_step (customer_id, notice_id, number, done_at) SELECT $1, id, 0, $3 FROM notice",
    ] {
        let (id, token) = (shop.entropy.uuid(shop.now()), shop.entropy.bytes::<32>().to_vec());
        execute!(tx, sql, customer.0, token, shop.now(), id).await.unwrap();
    }
    tx.commit().await.unwrap();
}

on_both_databases!(no_table_says_any_more_whose_it_was_but_the_ledger_of_consent(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (order, _) = finished(&shop, hers).await;
    cart::add(&shop, &crate::cart::CartKey::Customer(hers), "CUP", 1).await.unwrap();
    address_changed(&shop, hers).await;
    shop.clock.advance(RETURNS_MS.max(email_change::BACK_LIFE));
    let who = proved(&shop, hers).await;
    newsletter::ask(&shop, hers, Lang::Ja).await.unwrap();
    account::export::ask(&shop, &who, &device()).await.unwrap();
    leave_traces(&shop, hers).await;
    let sql = "SELECT subject_id, no FROM orders WHERE id = $1";
    let (record, _) = fetch_one!(shop.db.read().await.unwrap(), (Uuid, String), sql, order).await.unwrap();

    let before = traces(&shop, hers.0).await;
    for (table, column) in columns(&shop).await {
        let seen = column != "customer_id" || before.contains(&format!("{table}.{column}"));
        assert!(seen, "{table} is about a customer: give her a row in it here, so that it is seen to go");
    }
    assert!(!traces(&shop, record).await.is_empty());
    erase(&shop, &who).await.unwrap().unwrap();
    work_off(&shop).await;
    // It proves that she agreed, nothing may change it, and nothing else says any more who she was.
    assert_eq!(traces(&shop, hers.0).await, ["newsletter_consent.customer_id"]);
    assert_eq!(traces(&shop, record).await, [""; 0]);
});
