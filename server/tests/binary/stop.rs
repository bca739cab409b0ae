//! A shop that is asked to stop ends what it has begun, and loses nothing.

use noren_shop::db::{Dialect, Tx};
use noren_shop::{Shop, execute};

use crate::books;
use crate::installation::{Installation, SKUS, runtime};
use crate::server::Server;
use crate::shopper::{Promised, Shopper, order_token};

/// Shoppers at the last button.
const SHOPPERS: usize = 4;

on_both_databases!(a_shop_asked_to_stop_amid_checkouts_answers_them_ends_well_and_opens_again);

fn a_shop_asked_to_stop_amid_checkouts_answers_them_ends_well_and_opens_again(installation: &Installation) {
    installation.stock();
    let (runtime, server) = (runtime(), Server::start(installation));
    let shop = runtime.block_on(installation.shop());
    let at_first = runtime.block_on(books::all_units(&shop));
    // One who has paid by card, for the books.
    let promised = Promised::default();
    let mut early = Shopper::new(&server.url);
    early.buy(SKUS[0], "card", &promised).unwrap();
    let mut sent = early.requests + 1;

    let payments = ["cash", "transfer"];
    let ready: Vec<(Shopper, String)> = (0..SHOPPERS)
        .map(|n| {
            let mut shopper = Shopper::new(&server.url);
            let seen = shopper.reach_confirmation(SKUS[n % SKUS.len()], payments[n % payments.len()]).unwrap();
            sent += shopper.requests;
            (shopper, seen)
        })
        .collect();
    // Nobody can finish as long as this is held, so all of them are in the middle when the word comes.
    let held = runtime.block_on(hold_up(&shop));
    let orders: Vec<String> = std::thread::scope(|scope| {
        let pressing: Vec<_> = ready
            .into_iter()
            .map(|(mut shopper, seen)| {
                scope.spawn(move || shopper.place(&seen).expect("a running request is answered"))
            })
            .collect();
        server.wait_for("started processing request", sent + SHOPPERS);
        server.ask_to_stop();
        server.wait_for("closing: running requests may end", 1);
        runtime.block_on(async { drop(held) });
        pressing.into_iter().map(|press| press.join().unwrap()).collect()
    });
    let ended = server.ended();
    assert!(ended.success(), "{ended}");

    let server = Server::start(installation);
    let mut tokens = promised.orders.into_inner().unwrap();
    for order in &orders {
        tokens.insert(order_token(order).unwrap_or_else(|| panic!("a press led to \"{order}\"")).to_owned());
    }
    assert_eq!(tokens.len(), SHOPPERS + 1);
    for token in &tokens {
        let (status, ..) = Shopper::new(&server.url).get(&format!("/orders/{token}")).unwrap();
        assert_eq!(status, 200);
    }
    runtime.block_on(async {
        books::until_all_is_tidy(&shop).await;
        books::confirmed_orders_stand(&shop, &tokens).await;
        books::money_is_where_it_belongs(&shop, &promised.payments.into_inner().unwrap()).await;
        books::books_balance(&shop, &at_first).await;
        shop.db.close().await;
    });
}

/// Keeps every checkout from ending until it is dropped.
async fn hold_up(shop: &Shop) -> Tx {
    let mut tx = shop.db.write().await.unwrap();
    // On SQLite nobody else writes from here on.
    if tx.dialect() == Dialect::Postgres {
        execute!(tx, "LOCK TABLE checkout IN EXCLUSIVE MODE").await.unwrap();
    }
    tx
}
