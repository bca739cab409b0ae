//! What is kept of an order and sent to its shopper.

use super::*;

on_both_databases!(the_confirmation_holds_all_that_the_shopper_needs_later(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 2).await;
    let placed = press(&shop, cart).await.unwrap();
    outbox::run_due(&shop).await.unwrap();
    let order = shown(&shop, &placed).await;
    let mails = crate::mail::mailbox::list(&shop).await.unwrap();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    let sender = noren_domain::order::transfer_sender(&order.no, Lang::Ja);
    let delivery = order.delivery(Lang::Ja);
    for needed in delivery.iter().map(|(_, value)| value).chain([&sender, &order.address.street]) {
        assert!(mail.text.contains(needed) && mail.html.contains(needed), "{needed}: {}", mail.text);
    }
});

on_both_databases!(a_mail_reaches_an_old_mobile_address(shop) {
    goods(&shop, 10).await;
    for address in ["taro.@docomo.ne.jp", "a..b@docomo.ne.jp"] {
        let cart = buyer_of(&shop, &Token::random(&shop.entropy), address, PaymentMethod::Cash, &[(1, 1)]).await;
        press(&shop, cart).await.unwrap();
        outbox::run_due(&shop).await.unwrap();
        let (local, host) = address.split_once('@').unwrap();
        let sent = letter(&shop, "order-placed").expect("the confirmation has left");
        assert!(sent.contains(&format!("To: \"{local}\"@{host}")), "{sent}");
        std::fs::remove_dir_all(shop.mailbox_dir()).unwrap();
        std::fs::create_dir(shop.mailbox_dir()).unwrap();
    }
});

on_both_databases!(what_the_shopper_agreed_to_can_be_proven_years_later(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 2).await;
    let seen = seen(&shop, cart).await;
    place(&shop, cart, None, seen, Lang::Ja).await.unwrap();
    shop.clock.advance(7 * 365 * DAY_MS);
    let (text, hash) =
        fetch_one!(shop.db.read().await.unwrap(), (String, Vec<u8>), "SELECT shown, shown_hash FROM orders").await.unwrap();
    assert_eq!(checkout::hash_of(&text), seen);
    assert_eq!(hash, seen);
    assert!(text.contains("TEA-1") && text.contains("お振り込みください"), "{text}");
    assert!(!text.contains("花子") && !text.contains("example.jp"), "the person is in the sealed fields only");
});

on_both_databases!(a_wrong_token_opens_nothing_and_a_mail_holds_the_right_one(shop) {
    goods(&shop, 10).await;
    let cart = buyer(&shop, PaymentMethod::Transfer, 1).await;
    let placed = press(&shop, cart).await.unwrap();
    assert_eq!(view(&shop, &Token::random(&shop.entropy), None).await.unwrap(), None);
    let order = shown(&shop, &placed).await;
    assert_eq!((order.address.name.as_str(), order.address.postal_code.as_str()), ("暖簾 花子", "100-0001"));
    let (id,) = fetch_one!(shop.db.read().await.unwrap(), (Uuid,), "SELECT id FROM orders").await.unwrap();
    assert_eq!(token_of(&shop, Id::<Order>::new(id)), placed.token);
    outbox::run_due(&shop).await.unwrap();
    let file = std::fs::read_dir(shop.mailbox_dir()).unwrap().next().unwrap().unwrap();
    let mail = std::fs::read_to_string(file.path()).unwrap();
    assert!(mail.contains("To: hanako@example.jp") && mail.contains("multipart/alternative"), "{mail}");
    let (payload,) = fetch_one!(shop.db.read().await.unwrap(), (String,), "SELECT payload FROM outbox").await.unwrap();
    assert_eq!(payload, "");
});
