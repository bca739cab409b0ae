//! `kill -9` in the middle of checkouts: no order that was confirmed is lost, no money that was paid
//! is without its order or its way back, no stock leaks, and nothing is half made.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use crate::books;
use crate::installation::{Installation, SKUS, runtime};
use crate::server::{PATIENCE, Server};
use crate::shopper::{Gone, Promised, Shopper};

const CRASHES: usize = 5;
const SHOPPERS: usize = 4;
/// Orders between two crashes.
const ORDERS_BETWEEN: usize = 6;

on_both_databases!(a_crash_in_the_middle_of_checkouts_loses_no_order_and_no_money_and_leaks_no_stock);

fn a_crash_in_the_middle_of_checkouts_loses_no_order_and_no_money_and_leaks_no_stock(installation: &Installation) {
    installation.stock();
    let runtime = runtime();
    let at_first = runtime.block_on(async {
        let shop = installation.shop().await;
        let units = books::all_units(&shop).await;
        shop.db.close().await;
        units
    });
    let promised = Promised::default();
    for round in 0..CRASHES {
        shop_until_the_crash(Server::start(installation), round, &promised);
    }
    let (orders, payments) = (promised.orders.into_inner().unwrap(), promised.payments.into_inner().unwrap());
    assert!(orders.len() >= CRASHES, "only {} orders were confirmed", orders.len());
    assert!(payments.len() >= CRASHES, "only {} cards were tried", payments.len());

    runtime.block_on(async {
        let shop = installation.shop().await;
        books::an_hour_passes(&shop).await;
        shop.db.close().await;
    });
    let server = Server::start(installation);
    for token in &orders {
        let (status, ..) = Shopper::new(&server.url).get(&format!("/orders/{token}")).unwrap();
        assert_eq!(status, 200, "the page of a confirmed order opens after the restart");
    }
    runtime.block_on(async {
        let shop = installation.shop().await;
        books::until_all_is_tidy(&shop).await;
        server.crash();
        books::confirmed_orders_stand(&shop, &orders).await;
        books::money_is_where_it_belongs(&shop, &payments).await;
        books::books_balance(&shop, &at_first).await;
        shop.db.close().await;
    });
}

/// Lets several people buy, each pressing the last button twice at once, and kills the server while
/// some are on their way.
fn shop_until_the_crash(server: Server, round: usize, promised: &Promised) {
    let stop = AtomicBool::new(false);
    let (bought, heard) = mpsc::channel();
    let in_time = std::thread::scope(|scope| {
        for shopper in 0..SHOPPERS {
            let (url, stop, bought) = (server.url.clone(), &stop, bought.clone());
            scope.spawn(move || {
                let payments = ["cash", "card", "transfer", "card"];
                for turn in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let sku = SKUS[(round + shopper + turn) % SKUS.len()];
                    let payment = payments[(shopper + turn) % payments.len()];
                    if let Err(Gone) = Shopper::new(&url).buy(sku, payment, promised) {
                        return;
                    }
                    let _ = bought.send(());
                }
            });
        }
        drop(bought);
        // The crash comes while the others are on their way.
        let in_time = (0..ORDERS_BETWEEN).all(|_| heard.recv_timeout(PATIENCE).is_ok());
        server.crash();
        stop.store(true, Ordering::SeqCst);
        in_time
    });
    assert!(in_time, "nobody could buy anything in round {round}");
}
