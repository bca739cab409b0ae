//! The shop on several machines at one database: who tries here and there has no more tries than who tries in one
//! place, and who is signed in here is signed in, and out, everywhere.

use super::*;
use crate::account::limits::{self, Limit, Standing};
use crate::testing::another_machine;

on_both_databases!(whoever_signs_in_at_one_machine_is_in_at_every_other_and_out_everywhere_at_once(shop) {
    let other = another_machine(&shop).await;
    let entered = registered(&shop, "mori@example.jp").await;
    let here = find(&shop, &entered.token).await.unwrap().unwrap();
    let there = find(&other, &entered.token).await.unwrap().expect("the other machine knows the session");
    assert_eq!((here.session, here.customer), (there.session, there.customer));
    logout(&other, &entered.token).await.unwrap();
    for machine in [&*shop, &other] {
        assert!(find(machine, &entered.token).await.unwrap().is_none(), "the session has ended everywhere");
    }
});

on_both_databases!(a_proof_at_one_machine_counts_at_the_other(shop) {
    let other = another_machine(&shop).await;
    let entered = registered(&shop, "mori@example.jp").await;
    shop.clock.advance(11 * MINUTE);
    let who = find(&other, &entered.token).await.unwrap().unwrap();
    assert!(who.clone().recent(other.now()).is_none());
    let token = prove(&other, &who, &shown(PASSWORD), &device("Firefox/1")).await.unwrap();
    let proved = find(&shop, &token).await.unwrap().expect("the new token counts here");
    assert!(proved.recent(shop.now()).is_some());
});

on_both_databases!(a_code_asked_for_at_one_machine_opens_the_account_once_at_another(shop) {
    let other = another_machine(&shop).await;
    registered(&shop, "mori@example.jp").await;
    let email = Email::parse("mori@example.jp").unwrap();
    shop.clock.advance(1);
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &device("x")).await.unwrap();
    let code = typed(&mailed_code(&shop).await);
    let x = device("x");
    let (one, two) =
        tokio::join!(confirm(&shop, &pending, &code, &x, None), confirm(&other, &pending, &code, &x, None));
    assert_eq!([one, two].iter().filter(|opened| opened.is_ok()).count(), 1, "of two machines one opens the door");
});

on_both_databases!(wrong_codes_are_counted_over_all_machines(shop) {
    let other = another_machine(&shop).await;
    let pending = register(&shop, &asked("mori@example.jp"), Lang::Ja, &device("x")).await.unwrap();
    let right = mailed_code(&shop).await;
    for machine in [&*shop, &other, &*shop, &other, &*shop] {
        let wrong = verify(machine, &pending, &typed(&another(&right)), &device("x"), None).await;
        assert_eq!(refused(wrong), Fault::Code);
    }
    for machine in [&*shop, &other] {
        assert_eq!(refused(verify(machine, &pending, &typed(&right), &device("x"), None).await), Fault::CodeOver);
    }
});

on_both_databases!(wrong_passwords_at_many_machines_at_once_are_no_more_than_at_one(shop) {
    registered(&shop, "mori@example.jp").await;
    let machines = [another_machine(&shop).await, another_machine(&shop).await, another_machine(&shop).await];
    let mut all = tokio::task::JoinSet::new();
    for no in 0..24 {
        let machine = machines[no % machines.len()].clone();
        all.spawn(async move {
            let wrong = credentials("mori@example.jp", "not the password");
            refused(login(&machine, &wrong, Lang::Ja, &device("x"), None).await)
        });
    }
    let answers = all.join_all().await;
    assert_eq!(answers.iter().filter(|answer| **answer == Fault::Credentials).count(), 10, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Fault::TooMany { .. })).count(), 14);
});

/// So many of the last tries of a limit are taken at the same moment, and as many too many.
const RACED: i64 = 6;

/// Takes so many tries at a machine in one go, and gives how many were within the limit.
async fn taken(machine: &Shop, limit: Limit, tries: i64) -> i64 {
    let mut tx = machine.db.write().await.unwrap();
    let mut within = 0;
    for _ in 0..tries {
        within += i64::from(limits::take(&mut tx, machine, limit, b"who").await.unwrap() == Standing::Within);
    }
    tx.commit().await.unwrap();
    within
}

on_both_databases!(of_the_last_tries_that_many_machines_take_at_once_no_limit_lets_one_too_many_through(shop) {
    let machines = [(*shop).clone(), another_machine(&shop).await, another_machine(&shop).await];
    // Over this one nobody ever is.
    let reachable = limits::ALL.iter().copied().filter(|limit| limit.most() < i64::MAX);
    for limit in reachable {
        let last = limit.most().min(RACED);
        // All that come before are shared out among the machines.
        for (no, machine) in (0i64..).zip(&machines) {
            let share = (limit.most() - last + no) / 3;
            assert_eq!(taken(machine, limit, share).await, share, "{limit:?}");
        }
        let mut all = tokio::task::JoinSet::new();
        for machine in machines.iter().cycle().take(usize::try_from(last + RACED).unwrap()) {
            let machine = machine.clone();
            all.spawn(async move { taken(&machine, limit, 1).await });
        }
        assert_eq!(all.join_all().await.into_iter().sum::<i64>(), last, "{limit:?}");
    }
});
