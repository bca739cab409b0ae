use noren_domain::tax::TaxClass;

use super::*;
use crate::cart::{self, CartKey};
use crate::testing::goods;
use crate::token::Token;
use crate::{on_both_databases, order};

fn hanako() -> ContactForm {
    ContactForm {
        email: "hanako@example.jp".into(),
        name: "暖簾 花子".into(),
        kana: String::new(),
        postal_code: "100-0005".into(),
        prefecture: "13".into(),
        city: "千代田区丸の内".into(),
        street: "1-1-1".into(),
        building: "のれんビル3階".into(),
        phone: "090-1234-5678".into(),
    }
}

fn parcel() -> DeliveryForm {
    DeliveryForm { method: "parcel".into(), ..DeliveryForm::default() }
}

fn pay(word: &str) -> PaymentForm {
    PaymentForm { payment: word.into() }
}

/// A cart with two cups of 2,200 yen.
async fn two_cups(shop: &Shop) -> (CartKey, Id<Cart>, i64) {
    let key = CartKey::Guest(Token::random(&shop.entropy));
    let cup = goods::put(shop, "CUP", TaxClass::Standard, 2_200, 300, 5).await;
    cart::add(shop, &key, "CUP", 2).await.unwrap();
    let cart = cart::find(shop, &key).await.unwrap().unwrap();
    (key, cart, cup)
}

async fn quoted(shop: &Shop, cart: Id<Cart>) -> Result<Quote, CheckoutError> {
    quote(&mut shop.db.read().await.unwrap(), shop, cart).await
}

fn faults(result: Result<(), CheckoutError>) -> Faults {
    match result.unwrap_err() {
        CheckoutError::Refused(faults) => faults,
        other => panic!("{other}"),
    }
}

on_both_databases!(the_steps_are_asked_for_in_their_order(shop) {
    let (_, cart, _) = two_cups(&shop).await;
    assert!(matches!(quoted(&shop, cart).await, Err(CheckoutError::Incomplete(Step::Contact))));
    assert!(matches!(save_delivery(&shop, cart, &parcel()).await, Err(CheckoutError::Incomplete(Step::Contact))));
    save_contact(&shop, cart, &hanako()).await.unwrap();
    assert!(matches!(quoted(&shop, cart).await, Err(CheckoutError::Incomplete(Step::Delivery))));
    assert!(matches!(save_payment(&shop, cart, &pay("card")).await, Err(CheckoutError::Incomplete(Step::Delivery))));
    save_delivery(&shop, cart, &parcel()).await.unwrap();
    assert!(matches!(quoted(&shop, cart).await, Err(CheckoutError::Incomplete(Step::Payment))));
    save_payment(&shop, cart, &pay("cash")).await.unwrap();
    let quote = quoted(&shop, cart).await.unwrap();
    assert_eq!((quote.totals.goods, quote.totals.shipping, quote.totals.payment_fee, quote.totals.total),
        (Yen(4_400), Yen(660), Yen(330), Yen(5_390)));
    assert_eq!(quote.order_id, quoted(&shop, cart).await.unwrap().order_id, "the order has one name from the start");
});

on_both_databases!(what_was_filled_in_comes_back_and_is_sealed_in_between(shop) {
    let (_, cart, _) = two_cups(&shop).await;
    save_contact(&shop, cart, &hanako()).await.unwrap();
    let gift = DeliveryForm { gift_wrap: "1".into(), gift_message: "おめでとう".into(), ..parcel() };
    save_delivery(&shop, cart, &gift).await.unwrap();
    // Each step reads what it shows, and nothing else.
    let (at_delivery, _) = answers(&shop, cart, Step::Delivery).await.unwrap();
    assert_eq!((&at_delivery.delivery, at_delivery.contact.name.as_str()), (&gift, ""));
    let (at_payment, _) = answers(&shop, cart, Step::Payment).await.unwrap();
    assert_eq!((at_payment.delivery.gift_message.as_str(), at_payment.contact.email.as_str()), ("", ""));
    let (answers, _) = answers(&shop, cart, Step::Contact).await.unwrap();
    let expected = ContactForm { postal_code: "1000005".into(), phone: "09012345678".into(), ..hanako() };
    assert_eq!(answers.contact, expected);
    assert_eq!(answers.delivery.gift_message, "");
    assert_eq!(answers.next, Step::Payment);
    let (name,): (Vec<u8>,) =
        crate::fetch_one!(shop.db.read().await.unwrap(), (Vec<u8>,), "SELECT name FROM checkout WHERE cart_id = $1", cart.0)
            .await
            .unwrap();
    assert!(!String::from_utf8_lossy(&name).contains("花子"));
});

on_both_databases!(a_postal_code_must_not_belong_to_another_prefecture_and_a_new_one_may_be_unknown(shop) {
    let (_, cart, _) = two_cups(&shop).await;
    let elsewhere = ContactForm { prefecture: "27".into(), ..hanako() };
    let faults = faults(save_contact(&shop, cart, &elsewhere).await);
    assert_eq!(faults.get("postal_code"), Some(&Fault::PostalCodeUnknown));
    let new = ContactForm { postal_code: "000-0000".into(), ..hanako() };
    save_contact(&shop, cart, &new).await.unwrap();
    assert_eq!(answers(&shop, cart, Step::Contact).await.unwrap().0.contact.postal_code, "0000000");
});

/// A cart with one cup, its answers filled in but for the payment.
async fn up_to_payment(shop: &Shop, email: &str) -> Id<Cart> {
    let key = CartKey::Guest(Token::random(&shop.entropy));
    cart::add(shop, &key, "CUP", 1).await.unwrap();
    let cart = cart::find(shop, &key).await.unwrap().unwrap();
    save_contact(shop, cart, &ContactForm { email: email.into(), ..hanako() }).await.unwrap();
    save_delivery(shop, cart, &parcel()).await.unwrap();
    cart
}

async fn press(shop: &Shop, cart: Id<Cart>) -> Result<order::Placed, order::PlaceError> {
    let (confirmation, _, _) = confirmation(shop, cart, Lang::Ja).await?;
    order::place(shop, cart, None, shown_hash(&confirmation), Lang::Ja).await
}

on_both_databases!(an_address_that_pays_for_nothing_does_not_empty_the_shelves_with_few_large_orders(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 90_000, 300, 50).await;
    for _ in 0..3 {
        let cart = up_to_payment(&shop, "hanako@example.jp").await;
        save_payment(&shop, cart, &pay("transfer")).await.unwrap();
        press(&shop, cart).await.unwrap();
    }
    let cart = up_to_payment(&shop, "hanako@example.jp").await;
    let faults = faults(save_payment(&shop, cart, &pay("transfer")).await);
    assert_eq!(faults.get("payment"), Some(&Fault::OpenTransfers { max: 10, yen: 300_000 }));
});

on_both_databases!(an_address_that_pays_for_nothing_holds_no_more_goods_until_it_pays(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 2_200, 300, 50).await;
    let chosen_before = up_to_payment(&shop, "hanako@example.jp").await;
    save_payment(&shop, chosen_before, &pay("transfer")).await.unwrap();
    for _ in 0..MAX_OPEN_TRANSFERS {
        let cart = up_to_payment(&shop, "hanako@example.jp").await;
        save_payment(&shop, cart, &pay("transfer")).await.unwrap();
        press(&shop, cart).await.unwrap();
    }
    // The same mailbox, however it is written.
    let cart = up_to_payment(&shop, "Hanako@Example.jp").await;
    let faults = faults(save_payment(&shop, cart, &pay("transfer")).await);
    assert_eq!(faults.get("payment"), Some(&Fault::OpenTransfers { max: 10, yen: 300_000 }));
    assert!(matches!(press(&shop, chosen_before).await, Err(order::PlaceError::Incomplete(Step::Payment))));
    // The remedies: another way to pay, or paying. Nobody else is touched.
    save_payment(&shop, cart, &pay("cash")).await.unwrap();
    press(&shop, cart).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    let paid = "UPDATE orders SET payment_state = 'paid' WHERE no IN (SELECT no FROM orders WHERE payment_method = 'transfer' ORDER BY created_at, no LIMIT 1)";
    crate::execute!(tx, paid).await.unwrap();
    tx.commit().await.unwrap();
    press(&shop, chosen_before).await.unwrap();
    let other = up_to_payment(&shop, "taro@example.jp").await;
    save_payment(&shop, other, &pay("transfer")).await.unwrap();
    press(&shop, other).await.unwrap();
});

on_both_databases!(anything_that_changes_makes_another_confirmation(shop) {
    let (key, cart, cup) = two_cups(&shop).await;
    save_contact(&shop, cart, &hanako()).await.unwrap();
    save_delivery(&shop, cart, &parcel()).await.unwrap();
    save_payment(&shop, cart, &pay("card")).await.unwrap();
    let hash = async || shown_hash(&confirmation(&shop, cart, Lang::Ja).await.unwrap().0);
    let mut seen = vec![hash().await];
    assert_eq!(seen[0], hash().await, "looking again changes nothing");
    goods::price(&shop, cup, 2_300).await;
    seen.push(hash().await);
    cart::set(&shop, &key, "CUP", 1).await.unwrap();
    seen.push(hash().await);
    shop.clock.advance(1_000);
    save_contact(&shop, cart, &ContactForm { street: "9-9-9".into(), ..hanako() }).await.unwrap();
    seen.push(hash().await);
    shop.clock.advance(3 * 86_400_000);
    seen.push(hash().await);
    let distinct: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len());
    goods::stock(&shop, cup, 0).await;
    assert!(matches!(quoted(&shop, cart).await, Err(CheckoutError::Empty)));
});

on_both_databases!(a_day_that_has_passed_is_asked_for_again(shop) {
    let (_, cart, _) = two_cups(&shop).await;
    save_contact(&shop, cart, &hanako()).await.unwrap();
    let earliest = Method::Parcel.earliest(shop.now(), Prefecture::try_from(13).unwrap());
    save_delivery(&shop, cart, &DeliveryForm { date: earliest.iso(), ..parcel() }).await.unwrap();
    save_payment(&shop, cart, &pay("card")).await.unwrap();
    assert!(quoted(&shop, cart).await.is_ok());
    shop.clock.advance(5 * 86_400_000);
    assert!(matches!(quoted(&shop, cart).await, Err(CheckoutError::Incomplete(Step::Delivery))));
});

on_both_databases!(the_free_shipping_line_is_exact(shop) {
    let key = CartKey::Guest(Token::random(&shop.entropy));
    goods::put(&shop, "A", TaxClass::Standard, 7_999, 100, 5).await;
    goods::put(&shop, "B", TaxClass::Standard, 1, 100, 5).await;
    cart::add(&shop, &key, "A", 1).await.unwrap();
    let totals = cart::load(&shop, &key).await.unwrap().totals;
    assert_eq!((totals.shipping, totals.free_shipping_missing), (Yen(660), Some(Yen(1))));
    cart::add(&shop, &key, "B", 1).await.unwrap();
    let totals = cart::load(&shop, &key).await.unwrap().totals;
    assert_eq!((totals.shipping, totals.free_shipping_missing), (Yen::ZERO, None));
});

#[test]
fn the_hash_survives_its_way_through_the_form() {
    let hash = [0x0f; 32];
    assert_eq!(hash_from_words(&hash_words(&hash)), Some(hash));
    for broken in ["", "0f", &"g".repeat(64), &"あ".repeat(22), &"0".repeat(65)] {
        assert_eq!(hash_from_words(broken), None);
    }
}
