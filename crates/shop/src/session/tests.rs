use super::*;
use crate::account::end_others;
use crate::account::testing::customer;
use crate::on_both_databases;

fn device(agent: &str) -> Device {
    Device::new(agent.to_owned(), Some("203.0.113.7".parse().unwrap()))
}

async fn sign_in(shop: &Shop, customer: Id<Customer>, agent: &str) -> (Token, SignedIn) {
    let mut tx = shop.db.write().await.unwrap();
    let token = open(&mut tx, shop, customer, &device(agent)).await.unwrap();
    tx.commit().await.unwrap();
    let who = find(shop, &token).await.unwrap().expect("a session just opened is found");
    (token, who)
}

#[test]
fn a_network_is_kept_only_as_wide_as_it_needs_to_be() {
    assert_eq!(device("").network, "203.0.113.0/24");
    let six = Device::new(String::new(), Some("2001:db8:1:2:3:4:5:6".parse().unwrap()));
    assert_eq!(six.network, "2001:db8:1:2::/64");
    let mapped = Device::new(String::new(), Some("::ffff:203.0.113.7".parse().unwrap()));
    assert_eq!(mapped.network, "203.0.113.0/24");
}

on_both_databases!(an_ended_session_opens_nothing(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (token, who) = sign_in(&shop, hanako, "Firefox/1").await;
    assert!(end(&shop, &who, who.session).await.unwrap());
    assert!(find(&shop, &token).await.unwrap().is_none());
    assert!(!end(&shop, &who, who.session).await.unwrap());
    assert!(list(&shop, &who).await.unwrap().is_empty());
});

on_both_databases!(ending_all_keeps_the_browser_that_asks(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (phone, _) = sign_in(&shop, hanako, "iPhone Safari/1").await;
    let (desk, who) = sign_in(&shop, hanako, "Windows Chrome/1").await;
    assert_eq!(list(&shop, &who).await.unwrap().len(), 2);
    assert!(list(&shop, &who).await.unwrap()[0].current);
    assert_eq!(end_others(&shop, &who, &device("")).await.unwrap(), 1);
    assert!(find(&shop, &phone).await.unwrap().is_none());
    assert!(find(&shop, &desk).await.unwrap().is_some());
});

on_both_databases!(nobody_ends_the_session_of_another(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let taro = customer(&shop, "taro@example.jp").await;
    let (token, hers) = sign_in(&shop, hanako, "Firefox/1").await;
    let (_, his) = sign_in(&shop, taro, "Firefox/1").await;
    assert!(!end(&shop, &his, hers.session).await.unwrap());
    assert_eq!(end_others(&shop, &his, &device("")).await.unwrap(), 0);
    assert!(find(&shop, &token).await.unwrap().is_some());
});

on_both_databases!(a_session_ends_after_thirty_idle_days_and_after_ninety_in_any_case(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (idle, _) = sign_in(&shop, hanako, "Firefox/1").await;
    let (used, _) = sign_in(&shop, hanako, "Firefox/1").await;
    for _ in 0..3 {
        shop.clock.advance(29 * DAY);
        assert!(find(&shop, &used).await.unwrap().is_some());
    }
    assert!(find(&shop, &idle).await.unwrap().is_none());
    shop.clock.advance(3 * DAY);
    assert!(find(&shop, &used).await.unwrap().is_none());
});

on_both_databases!(the_last_use_is_noted_at_most_every_few_minutes(shop) {
    let hanako = customer(&shop, "hanako@example.jp").await;
    let (token, who) = sign_in(&shop, hanako, "Firefox/1").await;
    let opened = list(&shop, &who).await.unwrap()[0].seen;
    shop.clock.advance(MINUTE);
    assert!(!find(&shop, &token).await.unwrap().unwrap().renewed);
    assert_eq!(list(&shop, &who).await.unwrap()[0].seen, opened);
    shop.clock.advance(5 * MINUTE);
    assert!(find(&shop, &token).await.unwrap().unwrap().renewed, "the cookie moves along");
    assert_eq!(list(&shop, &who).await.unwrap()[0].seen, opened + 6 * MINUTE);
});
