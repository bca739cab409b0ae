//! People who buy one order after the other, and what they have to show for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::installation::SKUS;
use crate::patient::{Address, Patient};
use crate::people::{Person, person};

/// What the shoppers have to show for it.
#[derive(Default)]
pub struct Book {
    /// Confirmed orders and whose they are.
    pub orders: Mutex<Vec<(String, Person)>>,
    /// Confirmations that were seen with the person's name in them, and pages of orders.
    pub confirmations: AtomicU64,
    pub pages: AtomicU64,
}

/// Buys, looks at the order, and begins anew, until told to stop.
pub fn shop_on(shop: &Address, next: &AtomicUsize, stop: &AtomicBool, book: &Book, heard: &(dyn Fn() + Sync)) {
    while !stop.load(Ordering::SeqCst) {
        let no = next.fetch_add(1, Ordering::SeqCst);
        let (who, mut shopper) = (person(no), Patient::new(shop, heard));
        let order = shopper.order(&who, SKUS[no % SKUS.len()]);
        book.confirmations.fetch_add(order.confirmations, Ordering::SeqCst);
        if shopper.get(&format!("/orders/{}", order.token)).is_ok_and(|(_, _, page)| page.contains(&who.name)) {
            book.pages.fetch_add(1, Ordering::SeqCst);
        }
        book.orders.lock().unwrap().push((order.token, who));
    }
}
