//! The shopper who comes back: by the back button, in another tab, from another account.

use noren_domain::checkout::PaymentForm;

use super::*;
use crate::cart::{self, CartKey};
use crate::checkout::CheckoutError;

async fn pay_by(shop: &Shop, cart: Id<Cart>, word: &str) {
    checkout::save_payment(shop, cart, &PaymentForm { payment: word.into() }).await.unwrap();
}

on_both_databases!(who_comes_back_from_the_bank_finds_their_own_last_units_and_the_same_order(shop) {
    goods(&shop, 2).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let first = press(&shop, cart).await.unwrap();
    assert_eq!(stock(&shop).await, (2, 2));
    let (answers, view) = checkout::answers(&shop, cart, noren_domain::checkout::Step::Contact).await.unwrap();
    assert_eq!((view.lines[0].quantity, view.lines[0].available, view.has_changes()), (2, 2, false));
    assert_eq!(answers.next, noren_domain::checkout::Step::Confirm);
    assert_eq!(press(&shop, cart).await.unwrap(), first);
    assert_eq!((count(&shop, "SELECT COUNT(*) FROM orders").await, stock(&shop).await), (1, (2, 2)));
    // To everybody else they are gone.
    let other = buyer(&shop, PaymentMethod::Card, 1).await;
    assert!(matches!(checkout::confirmation(&shop, other, Lang::Ja).await, Err(CheckoutError::Empty)));
});

on_both_databases!(who_comes_back_and_chooses_another_way_to_pay_keeps_the_last_units(shop) {
    goods(&shop, 2).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (left, _) = to_the_bank(&shop, cart).await;
    shop.clock.advance(1);
    pay_by(&shop, cart, "transfer").await;
    let kept = press(&shop, cart).await.unwrap();
    assert_eq!(kept.next, Next::Done);
    assert_eq!((shown(&shop, &left).await.state, shown(&shop, &kept).await.state), (OrderState::Cancelled, OrderState::Placed));
    assert_eq!(stock(&shop).await, (2, 2));
});

on_both_databases!(who_comes_back_and_buys_less_gives_the_rest_back(shop) {
    goods(&shop, 2).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let token = Token::random(&shop.entropy);
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE cart SET token_hash = $1 WHERE id = $2", token.hash().to_vec(), cart.0).await.unwrap();
    tx.commit().await.unwrap();
    let (_, first) = to_the_bank(&shop, cart).await;
    let key = CartKey::Guest(token);
    cart::set(&shop, &key, "TEA-1", 1).await.unwrap();
    cart::set(&shop, &key, "TEA-1", 2).await.unwrap();
    assert!(cart::set(&shop, &key, "TEA-1", 3).await.is_err(), "there are two, held or not");
    cart::set(&shop, &key, "TEA-1", 1).await.unwrap();
    let (_, second) = to_the_bank(&shop, cart).await;
    assert_ne!(first, second);
    assert_eq!(stock(&shop).await, (2, 1));
});

on_both_databases!(who_paid_and_presses_again_before_the_bank_has_told_us_buys_once(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (first, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Late).await.unwrap();
    shop.clock.advance(1);
    pay_by(&shop, cart, "transfer").await;
    let again = press(&shop, cart).await.unwrap();
    assert_eq!((again.token, again.next), (first.token.clone(), Next::Done));
    shop.clock.advance(60_000);
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(shown(&shop, &first).await.payment, PaymentState::Paid);
    assert_eq!((count(&shop, "SELECT COUNT(*) FROM orders").await, stock(&shop).await), (1, (8, 0)));
    the_ledger_balances(&shop).await;
});

on_both_databases!(whose_late_money_went_back_can_buy_once_there_are_goods_again(shop) {
    goods(&shop, 2).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (late, reference) = to_the_bank(&shop, cart).await;
    shop.clock.advance(CARD_MS);
    sweep(&shop).await.unwrap();
    crate::testing::goods::stock(&shop, 1, 0).await;
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    payment::returned(&shop, &reference).await.unwrap();
    assert_eq!(shown(&shop, &late).await.payment, PaymentState::Refunded);
    crate::testing::goods::stock(&shop, 1, 2).await;
    let (second, reference) = to_the_bank(&shop, cart).await;
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    payment::returned(&shop, &reference).await.unwrap();
    assert_eq!(shown(&shop, &second).await.payment, PaymentState::Paid);
    the_ledger_balances(&shop).await;
});

on_both_databases!(two_tabs_with_different_confirmations_end_in_one_order_that_stands(shop) {
    goods(&shop, 2).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 2).await;
    let ja = seen(&shop, cart).await;
    let en = checkout::shown_hash(&checkout::confirmation(&shop, cart, Lang::En).await.unwrap().0);
    let (a, b) = tokio::join!(place(&shop, cart, None, ja, Lang::Ja), place(&shop, cart, None, en, Lang::En));
    let (stands, stopped): (Vec<_>, Vec<_>) = [a, b].into_iter().partition(Result::is_ok);
    assert_eq!((stands.len(), stopped.len()), (1, 1));
    assert!(matches!(stopped[0], Err(PlaceError::Empty)), "the other tab finds the cart bought");
    assert_eq!((count(&shop, "SELECT COUNT(*) FROM orders").await, stock(&shop).await), (1, (2, 2)));
});

on_both_databases!(a_sign_in_while_paying_leaves_nothing_bought_in_the_cart_and_nothing_added_out(shop) {
    goods(&shop, 3).await;
    let cart = buyer(&shop, PaymentMethod::Card, 2).await;
    let (token, customer) = (Token::random(&shop.entropy), shop.entropy.id(shop.now()));
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE cart SET token_hash = $1 WHERE id = $2", token.hash().to_vec(), cart.0).await.unwrap();
    let sql = "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at) VALUES ($1, $2, $3, '', 'ja', 0, 0)";
    execute!(tx, sql, customer.0, vec![1_u8; 32], vec![1_u8]).await.unwrap();
    tx.commit().await.unwrap();
    let (placed, reference) = to_the_bank(&shop, cart).await;
    let report = cart::merge(&shop, &token, customer).await.unwrap();
    assert_eq!((report.moved, report.dropped), (2, 0), "what the own order holds comes along");
    let key = CartKey::Customer(customer);
    cart::add(&shop, &key, "TEA-1", 1).await.unwrap();
    TestBank::choose(&shop, &reference, Choice::Succeed).await.unwrap();
    payment::returned(&shop, &reference).await.unwrap();
    assert_eq!(shown(&shop, &placed).await.state, OrderState::Placed);
    let left = cart::load(&shop, &key).await.unwrap();
    assert_eq!(left.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [1], "one was added after the order");
});
