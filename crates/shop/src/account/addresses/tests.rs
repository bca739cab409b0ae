use super::*;
use crate::account::testing::customer;
use crate::on_both_databases;

fn hanako() -> AddressForm {
    AddressForm {
        name: "暖簾 花子".into(),
        kana: "ノレン ハナコ".into(),
        postal_code: "1000005".into(),
        prefecture: "13".into(),
        city: "千代田区丸の内".into(),
        street: "1-1-1".into(),
        building: String::new(),
        phone: "0312345678".into(),
    }
}

fn at(street: &str) -> AddressForm {
    AddressForm { street: street.to_owned(), building: "のれんビル3階".into(), kana: String::new(), ..hanako() }
}

fn device() -> Device {
    Device::new("Firefox/1".to_owned(), Some("203.0.113.7".parse().unwrap()))
}

async fn streets(shop: &Shop, customer: Id<Customer>) -> Vec<(String, bool)> {
    let listed = list(shop, customer, "account/addresses").await.unwrap();
    listed.into_iter().map(|saved| (saved.address.street, saved.default)).collect()
}

async fn number_of(shop: &Shop, customer: Id<Customer>, street: &str) -> Uuid {
    let listed = list(shop, customer, "account/addresses").await.unwrap();
    listed.into_iter().find(|saved| saved.address.street == street).unwrap().id
}

async fn added(shop: &Shop, customer: Id<Customer>, form: &AddressForm) {
    shop.clock.advance(1);
    add(shop, customer, form).await.unwrap();
}

fn fault(result: Result<(), AddressError>) -> Fault {
    match result.unwrap_err() {
        AddressError::Refused(faults) => faults.0.into_iter().next().unwrap().fault,
        other => panic!("{other}"),
    }
}

on_both_databases!(addresses_come_back_as_they_were_typed_each_with_its_own_fields(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    assert_eq!(list(&shop, hers, "account/addresses").await.unwrap(), []);
    added(&shop, hers, &hanako()).await;
    added(&shop, hers, &at("2-2-2")).await;
    added(&shop, hers, &AddressForm { prefecture: "27".into(), postal_code: "530-0001".into(), ..hanako() }).await;
    let listed: Vec<_> = list(&shop, hers, "account/addresses").await.unwrap();
    let osaka = AddressForm { prefecture: "27".into(), postal_code: "5300001".into(), ..hanako() };
    let addresses: Vec<_> = listed.iter().map(|saved| saved.address.clone()).collect();
    assert_eq!(addresses, [hanako(), at("2-2-2"), osaka]);
    let second = one(&shop, hers, listed[1].id, "account/addresses").await.unwrap().unwrap();
    assert_eq!(second, listed[1]);
});

on_both_databases!(an_address_lies_sealed_in_its_row_and_goes_with_it(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    added(&shop, hers, &at("9-8-7")).await;
    let sql = "SELECT name, city, street, phone FROM address";
    let rows = crate::fetch_all!(shop.db.read().await.unwrap(), (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>), sql).await.unwrap();
    let (name, city, street, phone) = &rows[0];
    for (sealed, plain) in [(name, "花子"), (city, "丸の内"), (street, "9-8-7"), (phone, "0312345678")] {
        assert!(!String::from_utf8_lossy(sealed).contains(plain));
    }
    remove(&shop, hers, number_of(&shop, hers, "9-8-7").await, &device()).await.unwrap();
    let rows = crate::fetch_all!(shop.db.read().await.unwrap(), (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>), sql).await.unwrap();
    assert_eq!(rows.len(), 0);
});

on_both_databases!(nobody_sees_or_changes_the_addresses_of_somebody_else(shop) {
    let (hers, his) = (customer(&shop, "hanako@example.jp").await, customer(&shop, "taro@example.jp").await);
    added(&shop, hers, &hanako()).await;
    let id = number_of(&shop, hers, "1-1-1").await;
    assert_eq!(one(&shop, his, id, "account/addresses").await.unwrap(), None);
    assert_eq!(fault(change(&shop, his, id, &at("6-6-6"), &device()).await), Fault::NotFound);
    assert_eq!(fault(make_default(&shop, his, id, &device()).await), Fault::NotFound);
    assert_eq!(fault(remove(&shop, his, id, &device()).await), Fault::NotFound);
    assert_eq!(streets(&shop, hers).await, [("1-1-1".to_owned(), true)]);
    assert_eq!(list(&shop, his, "account/addresses").await.unwrap(), []);
});

on_both_databases!(there_is_always_one_that_is_offered_first(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    for street in ["1", "2", "3"] {
        added(&shop, hers, &at(street)).await;
    }
    let first = |streets: Vec<(String, bool)>| {
        assert_eq!(streets.iter().filter(|(_, default)| *default).count(), 1, "one and no more");
        assert!(streets[0].1, "in front");
        streets[0].0.clone()
    };
    assert_eq!(first(streets(&shop, hers).await), "1");
    make_default(&shop, hers, number_of(&shop, hers, "3").await, &device()).await.unwrap();
    make_default(&shop, hers, number_of(&shop, hers, "3").await, &device()).await.unwrap();
    assert_eq!(first(streets(&shop, hers).await), "3");
    remove(&shop, hers, number_of(&shop, hers, "2").await, &device()).await.unwrap();
    assert_eq!(first(streets(&shop, hers).await), "3");
    remove(&shop, hers, number_of(&shop, hers, "3").await, &device()).await.unwrap();
    assert_eq!(first(streets(&shop, hers).await), "1", "the oldest of the rest takes its place");
    remove(&shop, hers, number_of(&shop, hers, "1").await, &device()).await.unwrap();
    added(&shop, hers, &at("4")).await;
    assert_eq!(first(streets(&shop, hers).await), "4");
});

on_both_databases!(an_address_is_changed_in_its_place(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    added(&shop, hers, &hanako()).await;
    added(&shop, hers, &at("2")).await;
    let id = number_of(&shop, hers, "1-1-1").await;
    change(&shop, hers, id, &at("7-7-7"), &device()).await.unwrap();
    assert_eq!(one(&shop, hers, id, "account/addresses").await.unwrap().unwrap().address, at("7-7-7"));
    assert_eq!(streets(&shop, hers).await, [("7-7-7".to_owned(), true), ("2".to_owned(), false)]);
    assert_eq!(fault(change(&shop, hers, Uuid::nil(), &hanako(), &device()).await), Fault::NotFound);
});

on_both_databases!(a_form_with_faults_or_a_code_of_another_prefecture_is_not_kept(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    assert_eq!(fault(add(&shop, hers, &AddressForm { name: " ".into(), ..hanako() }).await), Fault::Required);
    let elsewhere = AddressForm { prefecture: "27".into(), ..hanako() };
    assert_eq!(fault(add(&shop, hers, &elsewhere).await), Fault::PostalCodeUnknown);
    assert_eq!(list(&shop, hers, "account/addresses").await.unwrap(), []);
});

on_both_databases!(a_book_has_room_for_twenty_and_not_for_more_at_the_same_moment_either(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    for no in 1..MAX_ADDRESSES {
        added(&shop, hers, &at(&no.to_string())).await;
    }
    let (form, other) = (at("20"), at("21"));
    let (a, b) = tokio::join!(add(&shop, hers, &form), add(&shop, hers, &other));
    assert!(a.is_ok() ^ b.is_ok());
    let full = Fault::AddressesFull { max: MAX_ADDRESSES };
    assert_eq!(fault(if a.is_ok() { b } else { a }), full);
    assert_eq!(fault(add(&shop, hers, &at("22")).await), full);
    // All of them are one reading.
    assert_eq!(streets(&shop, hers).await.len(), 20);
    assert!(!keep(&shop, hers, &at("23")).await.unwrap(), "a purchase goes on all the same");
});

on_both_databases!(two_first_addresses_at_once_leave_one_that_is_offered_first(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let (form, other) = (at("1"), at("2"));
    let (a, b) = tokio::join!(add(&shop, hers, &form), add(&shop, hers, &other));
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    assert_eq!(streets(&shop, hers).await.iter().filter(|(_, default)| *default).count(), 1);
});

on_both_databases!(what_is_typed_at_the_checkout_is_kept_once(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    assert!(keep(&shop, hers, &AddressForm { postal_code: "〒100-0005".into(), ..hanako() }).await.unwrap());
    assert!(!keep(&shop, hers, &hanako()).await.unwrap(), "written in another way");
    assert!(keep(&shop, hers, &at("2")).await.unwrap());
    assert_eq!(streets(&shop, hers).await.len(), 2);
});

/// How many changes were written down for the customer, and how many mails tell of one.
async fn told_of(shop: &Shop, customer: Id<Customer>) -> (i64, i64) {
    let mut conn = shop.db.read().await.unwrap();
    let sql = "SELECT COUNT(*) FROM account_event WHERE customer_id = $1 AND kind = 'saved_addresses_changed'";
    let (written,) = fetch_one!(conn, (i64,), sql, customer.0).await.unwrap();
    let (mails,) = fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM outbox WHERE key LIKE 'event-%'").await.unwrap();
    (written, mails)
}

on_both_databases!(of_many_changes_of_saved_addresses_at_once_three_are_told(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    for street in ["1", "2"] {
        added(&shop, hers, &at(street)).await;
    }
    assert_eq!(told_of(&shop, hers).await, (0, 0), "another one sends no parcel elsewhere");
    change(&shop, hers, number_of(&shop, hers, "1").await, &at("3"), &device()).await.unwrap();
    assert_eq!(told_of(&shop, hers).await, (1, 1));
    make_default(&shop, hers, number_of(&shop, hers, "2").await, &device()).await.unwrap();
    assert_eq!(told_of(&shop, hers).await, (2, 2));
    make_default(&shop, hers, number_of(&shop, hers, "2").await, &device()).await.unwrap();
    assert_eq!(told_of(&shop, hers).await, (2, 2), "it was so already");
    make_default(&shop, hers, number_of(&shop, hers, "3").await, &device()).await.unwrap();
    make_default(&shop, hers, number_of(&shop, hers, "2").await, &device()).await.unwrap();
    assert_eq!(told_of(&shop, hers).await, (3, 3), "neither her mailbox nor her list is flooded");
    shop.clock.advance(20 * 60_000);
    remove(&shop, hers, number_of(&shop, hers, "3").await, &device()).await.unwrap();
    assert_eq!(told_of(&shop, hers).await, (4, 4));
    assert_eq!(fault(change(&shop, hers, Uuid::nil(), &hanako(), &device()).await), Fault::NotFound);
    assert!(keep(&shop, hers, &at("4")).await.unwrap());
    assert_eq!(told_of(&shop, hers).await, (4, 4), "nor does a purchase change any");
});
