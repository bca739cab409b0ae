use noren_domain::account::LoginForm;
use noren_domain::{Id, Lang};

use super::*;
use crate::account::testing::customer;
use crate::account::{self, DoorError};
use crate::session::Device;
use crate::testing::TestShop;
use crate::{fetch_one, on_both_databases};

fn name(value: &str) -> Vec<(Field, Plain)> {
    vec![(Field::Name, Plain::new(value.to_owned()))]
}

on_both_databases!(what_was_sealed_for_a_person_is_opened_for_a_purpose_that_may(shop) {
    let (hanako, order) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let own = Asker::customer(Id::new(hanako), "account");
    let sealed = shop.vault.seal(own, hanako, None, name("暖簾 花子")).await.unwrap();
    let (sealed, nothing) = (sealed.get(Field::Name), sealed.get(Field::Phone));
    let fields = [(Field::Name, sealed.as_ref()), (Field::Phone, nothing.as_ref())];
    let opened = shop.vault.open(own, For::SelfView, hanako, &fields).await.unwrap();
    assert_eq!((opened.expose(Field::Name), opened.expose(Field::Phone)), ("暖簾 花子", ""));
    let refused = |answer: Result<Opened, VaultError>| match answer.err() {
        Some(VaultError::Refused(outcome)) => outcome,
        other => panic!("{other:?}"),
    };
    let mail = shop.vault.open(own, For::Mail(order), hanako, &fields).await;
    assert_eq!(refused(mail), Outcome::ActorRefused, "a customer sends no mails");
    let unknown = shop.vault.open(own, For::SelfView, Uuid::from_u128(3), &fields).await;
    assert_eq!(refused(unknown), Outcome::NoSubject);
    assert!(shop.vault.shred(Asker::shop("test"), hanako).await.unwrap());
    let gone = shop.vault.open(own, For::SelfView, hanako, &fields).await;
    assert_eq!(refused(gone), Outcome::NoSubject);
});

on_both_databases!(a_vault_that_was_away_is_asked_again_and_the_shop_is_told_meanwhile(shop) {
    let mut shop: TestShop = shop;
    let hanako = Uuid::from_u128(1);
    let own = Asker::customer(Id::new(hanako), "account");
    shop.migrate().await.unwrap();
    let sealed = shop.vault.seal(own, hanako, None, name("花子")).await.unwrap().get(Field::Name);
    shop.stop_vault();
    let fields = [(Field::Name, sealed.as_ref())];
    let away = shop.vault.open(own, For::SelfView, hanako, &fields).await.err().expect("it is away");
    assert!(matches!(away, VaultError::Down { .. }) && away.is_passing(), "{away}");
    shop.start_vault();
    assert_eq!(shop.vault.open(own, For::SelfView, hanako, &fields).await.unwrap().expose(Field::Name), "花子");
});

on_both_databases!(nobody_signs_in_without_the_vault_and_nothing_is_counted_against_them(shop) {
    let mut shop: TestShop = shop;
    customer(&shop, "hanako@example.jp").await;
    shop.stop_vault();
    let form = LoginForm { email: "hanako@example.jp".into(), password: "secret-enough-0".into(), next: String::new() };
    let refusal = account::login(&shop, &form.parse().unwrap(), Lang::Ja, &Device::new("x".into(), None), None).await.err();
    assert!(matches!(refusal, Some(DoorError::Vault(VaultError::Down { .. }))));
    for sql in ["SELECT COUNT(*) FROM sign_in", "SELECT COUNT(*) FROM rate_limit"] {
        let (counted,) = fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap();
        assert_eq!(counted, 0, "{sql}");
    }
});
