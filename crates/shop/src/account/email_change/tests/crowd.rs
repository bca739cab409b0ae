//! Two at the same moment.

use super::*;

/// Two customers with an app, who both ask for the same address, and the codes that they got.
async fn two(shop: &TestShop) -> [(Recent, StepCode); 2] {
    let mut both = Vec::new();
    for address in [OLD, "taro@example.jp"] {
        let customer = customer(shop, address).await;
        with_app(shop, customer, 0).await;
        let who = proved_by_app(shop, customer).await;
        asks(shop, &who, NEW).await.unwrap();
        both.push((who, code_to(shop, NEW).await));
    }
    both.try_into().unwrap_or_else(|_| panic!("two"))
}

on_both_databases!(of_two_who_change_to_one_address_one_gets_it(shop) {
    let [(one, her_code), (two, his_code)] = two(&shop).await;
    let device = device();
    let (a, b) = tokio::join!(confirm(&shop, &one, &her_code, &device), confirm(&shop, &two, &his_code, &device));
    assert!(a.is_ok() ^ b.is_ok());
    let (winner, loser, lost) = if a.is_ok() { (one, two, b) } else { (two, one, a) };
    assert_eq!(refused(lost), Fault::Changed);
    assert_eq!(owner_of(&shop, NEW).await, Some(winner.customer().0));
    assert_ne!(address_of(&shop, loser.customer()).await, NEW);
    let states: Vec<_> = changes(&shop).await.into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["done"], "the loser's is over");
});

on_both_databases!(of_a_change_and_a_registration_of_one_address_one_gets_it(shop) {
    let hers = customer(&shop, OLD).await;
    with_app(&shop, hers, 0).await;
    let who = proved_by_app(&shop, hers).await;
    let pending = account::register(&shop, &registration(NEW), Lang::Ja, &device()).await.unwrap();
    let registered = typed(&code_to(&shop, NEW).await);
    asks(&shop, &who, NEW).await.unwrap();
    let code = code_to(&shop, NEW).await;
    let device = device();
    let (change, registration) = tokio::join!(
        confirm(&shop, &who, &code, &device),
        account::verify(&shop, &pending, &registered, &device, None)
    );
    assert!(change.is_ok() ^ registration.is_ok(), "{:?} {:?}", change.is_ok(), registration.is_ok());
    let owner = owner_of(&shop, NEW).await.unwrap();
    match (change, registration) {
        (Ok(_), refused_one) => {
            assert_eq!((owner, refused(refused_one)), (hers.0, Fault::CodeOver));
        }
        (refused_one, Ok(entered)) => {
            assert_eq!((owner, refused(refused_one)), (entered.customer.0, Fault::Changed));
            assert_eq!(address_of(&shop, hers).await, OLD);
        }
        _ => unreachable!("one of the two"),
    }
});

on_both_databases!(an_address_that_was_registered_between_asking_and_confirming_is_lost(shop) {
    let hers = customer(&shop, OLD).await;
    with_app(&shop, hers, 0).await;
    let who = proved_by_app(&shop, hers).await;
    asks(&shop, &who, NEW).await.unwrap();
    let code = code_to(&shop, NEW).await;
    let other = customer(&shop, NEW).await;
    assert_eq!(refused(types(&shop, &who, &code).await), Fault::Changed);
    assert_eq!((owner_of(&shop, NEW).await, address_of(&shop, hers).await.as_str()), (Some(other.0), OLD));
    assert!(changes(&shop).await.is_empty());
    assert_eq!(sessions(&shop, hers).await, 1);
});

on_both_databases!(one_code_typed_twice_at_once_changes_the_address_once(shop) {
    let [(one, code), _] = two(&shop).await;
    let again = proved(&shop, one.customer()).await;
    let device = device();
    let (a, b) = tokio::join!(confirm(&shop, &one, &code, &device), confirm(&shop, &again, &code, &device));
    assert!(a.is_ok() ^ b.is_ok());
    assert_eq!(sessions(&shop, one.customer()).await, 1);
});

on_both_databases!(a_link_pressed_twice_at_once_takes_back_once(shop) {
    let hers = customer(&shop, OLD).await;
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    let token = link_to(&shop, OLD).await;
    let device = device();
    let (a, b) = tokio::join!(take_back(&shop, &token, &device), take_back(&shop, &token, &device));
    assert!(a.is_ok() ^ b.is_ok());
    assert_eq!(address_of(&shop, hers).await, OLD);
});

on_both_databases!(a_stop_and_the_right_code_at_once_leave_one_address_and_no_change_half_done(shop) {
    let [(one, code), _] = two(&shop).await;
    let device = device();
    let token = back_token(&shop, rows::open(&mut shop.db.read().await.unwrap(), &shop, one.customer()).await.unwrap().unwrap().id);
    let (_, taken) = tokio::join!(confirm(&shop, &one, &code, &device), take_back(&shop, &token, &device));
    assert!(taken.is_ok(), "whichever comes first: before it stops, after it puts back");
    assert_eq!((address_of(&shop, one.customer()).await.as_str(), sessions(&shop, one.customer()).await), (OLD, 0));
});
