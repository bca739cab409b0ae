//! The page of an account while the database has few connections to give: whoever opens it waits for no second one while
//! they hold their first, or those who come at the same moment would wait for each other.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;
use crate::testing::with_one_connection;

/// Whoever waits for so long waits for ever.
const FOR_EVER: Duration = Duration::from_secs(20);

on_both_databases!(thirty_two_who_open_an_account_at_the_same_moment_all_see_it_over_a_single_connection(shop) {
    let mori = registered(&shop, "mori@example.jp").await;
    let narrow = with_one_connection(&shop);
    let who = find(&shop, &mori.token).await.unwrap().unwrap();
    let mut all = JoinSet::new();
    for _ in 0..32 {
        let (shop, who) = (narrow.clone(), who.clone());
        all.spawn(async move { home(&shop, &who).await.unwrap().unwrap().email });
    }
    let shown = timeout(FOR_EVER, all.join_all()).await.expect("nobody waits for a second connection");
    assert_eq!(shown.len(), 32);
    assert!(shown.iter().all(|email| email.as_deref() == Some("mori@example.jp")), "{shown:?}");
});
