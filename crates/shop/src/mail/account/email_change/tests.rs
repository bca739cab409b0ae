//! Which news of a change still leaves, and which is called off.

use noren_domain::account::{EmailForm, StepCode};

use super::*;
use crate::account::email_change::Confirmed;
use crate::account::testing::{customer, proved};
use crate::mail::account::AccountMail;
use crate::mail::{self, Mail};
use crate::session::{Device, Recent};
use crate::{execute, fetch_all, fetch_one, on_both_databases, outbox};

/// A change of `customer` that has come as far as `state`.
async fn change(shop: &Shop, customer: Uuid, state: &str) -> Uuid {
    let way = match state {
        "old" => "both",
        "waiting" => "late",
        _ => "factor",
    };
    let (id, now) = (shop.entropy.uuid(shop.now()), shop.now());
    let changed_at = matches!(state, "done" | "reverted").then_some(now);
    let mut tx = shop.db.write().await.unwrap();
    execute!(
        tx,
        "INSERT INTO email_change (id, customer_id, state, way, email, email_index, code_id, code_until, back_hash, lang, user_agent, network, created_at, changed_at, due_at)
         SELECT $1, id, $2, $3, email, $4, $1, $5, $4, 'ja', '', '', $6, $7, $5 FROM customer WHERE id = $8",
        id,
        state,
        way,
        shop.entropy.bytes::<32>().to_vec(),
        now + email_change::PATIENCE,
        now,
        changed_at,
        customer
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

on_both_databases!(what_is_not_so_any_more_is_called_off_and_no_person_has_to_look(shop) {
    let all = [EmailMail::NewCode, EmailMail::OldCode, EmailMail::Asked, EmailMail::Late, EmailMail::Changed, EmailMail::Over];
    for state in ["new", "old", "waiting", "done", "reverted"] {
        let whose = customer(&shop, &format!("{state}@example.jp")).await;
        let change = change(&shop, whose.0, state).await;
        let mut tx = shop.db.write().await.unwrap();
        for what in all {
            let mail = Mail::Account(AccountMail::EmailChange { change, what });
            mail::enqueue(&mut tx, &shop, &format!("{state}-{}", what.word()), &mail).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    assert_eq!(outbox::run_due(&shop).await.unwrap(), 5 * all.len());
    let sql = "SELECT key, state FROM mail_sent";
    let became = fetch_all!(shop.db.read().await.unwrap(), (String, String), sql).await.unwrap();
    let (sent, rest): (Vec<_>, Vec<_>) = became.into_iter().partition(|(_, state)| state == "sent");
    let mut sent: Vec<_> = sent.into_iter().map(|(key, _)| key).collect();
    sent.sort();
    let timely = [
        "done-changed", "new-asked", "new-new_code", "old-asked", "old-old_code", "reverted-over", "waiting-asked", "waiting-late",
    ];
    assert_eq!(sent, timely);
    assert!(rest.iter().all(|(_, state)| state == "cancelled"), "{rest:?}");
    let backlog = outbox::backlog(&shop).await.unwrap();
    assert_eq!((backlog.failed, backlog.waiting), (0, 0));
});

/// Changes the address with both codes, while no mail leaves.
async fn changes_to(shop: &Shop, who: &Recent, address: &str) {
    shop.clock.advance(1);
    let device = Device::new("Firefox/1".to_owned(), None);
    let wanted = EmailForm { email: address.into(), ..EmailForm::default() }.parse().unwrap();
    email_change::ask(shop, who, &wanted, Lang::Ja, &device).await.unwrap();
    loop {
        let sql = "SELECT code_id FROM email_change WHERE state IN ('new', 'old')";
        let (code_id,) = fetch_one!(shop.db.read().await.unwrap(), (Uuid,), sql).await.unwrap();
        let code = StepCode::parse(&account::mail_code(shop, code_id)).unwrap();
        if let Confirmed::Changed(_) = email_change::confirm(shop, who, &code, &device).await.unwrap() {
            return;
        }
    }
}

async fn states(shop: &Shop, keys: &str) -> Vec<(String,)> {
    let sql = "SELECT state FROM mail_sent WHERE key LIKE $1 ORDER BY created_at";
    fetch_all!(shop.db.read().await.unwrap(), (String,), sql, keys).await.unwrap()
}

on_both_databases!(who_goes_back_by_the_front_door_has_the_news_of_the_first_change_called_off(shop) {
    let who = proved(&shop, customer(&shop, "hanako@example.jp").await).await;
    changes_to(&shop, &who, "hanako.new@example.com").await;
    changes_to(&shop, &who, "hanako@example.jp").await;
    outbox::run_due(&shop).await.unwrap();
    let stood = |state: &str| (state.to_owned(),);
    assert_eq!(states(&shop, "email-changed-%").await, [stood("cancelled"), stood("sent")]);
    assert_eq!(states(&shop, "email-asked-%").await, [stood("cancelled"), stood("cancelled")], "it was changed by then");
    let backlog = outbox::backlog(&shop).await.unwrap();
    assert_eq!((backlog.failed, backlog.waiting), (0, 0));
});
