//! What a customer sees of their sign-ins, and says about them.

use noren_domain::account::{Attention, SignInWay};

use super::second_step::{app_shows, asked, step, with_app};
use super::*;
use crate::db::Dialect;

on_both_databases!(it_was_not_me_signs_every_other_browser_out_and_ends_the_codes_under_way(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let mut home = device("Firefox/1").holding(Some(owner.device.clone()));
    let thief = Device::new("Thief/1".to_owned(), Some("198.51.100.7".parse().unwrap()));
    let stolen = entered(&shop, "mori@example.jp", &thief).await;
    let opening = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &thief, None).await.unwrap();
    let Opening::Asked(pending) = opening else { panic!("it holds no token") };
    let code = mailed_code(&shop).await;
    shop.clock.advance(1);
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let other = registered(&shop, "hayashi@example.jp").await;
    let hers = find(&shop, &other.token).await.unwrap().unwrap();
    let page = security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    assert_eq!(page.attention, [Attention::SignIns(1)], "somebody has the password and not the mailbox");
    let tried = page.sign_ins.iter().find(|tried| tried.needs_answer()).unwrap().id;
    assert!(history::not_me(&shop, &who).await.unwrap().is_none());
    let hers = hers.recent(shop.now()).unwrap();
    assert!(!history::was_not_me(&shop, &hers, tried, &home).await.unwrap(), "somebody else's");
    assert!(find(&shop, &stolen.token).await.unwrap().is_some());

    shop.clock.advance(1);
    let recent = who.clone().recent(shop.now()).unwrap();
    assert!(history::was_not_me(&shop, &recent, tried, &home).await.unwrap());
    assert!(find(&shop, &stolen.token).await.unwrap().is_none());
    assert!(find(&shop, &owner.token).await.unwrap().is_some());
    assert_eq!(refused(confirm(&shop, &pending, &typed(&code), &thief, None).await), Fault::CodeOver);
    let mut again = thief.holding(Some(stolen.device));
    assert!(!lets_in(&shop, &mut again).await && lets_in(&shop, &mut home).await, "the thief's browser is not known any more");
    assert!(!history::not_me(&shop, &who).await.unwrap().unwrap().password_changed);
    let waits = async |who: &session::SignedIn| {
        let page = security(&shop, who, Lang::Ja).await.unwrap().unwrap();
        let counted = crate::account::home(&shop, who).await.unwrap().unwrap().attention;
        assert_eq!(usize::try_from(counted).unwrap(), page.attention.len(), "both pages count alike");
        page.reported_at
    };
    assert_eq!(waits(&who).await, Some(shop.now()), "it waits until the password is another one");
    shop.clock.advance(1);
    let recent = find(&shop, &owner.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    change_password(&shop, &recent, &Password::typed("lantern river maple").unwrap(), &home).await.unwrap();
    assert!(history::not_me(&shop, &who).await.unwrap().unwrap().password_changed);
    assert_eq!(waits(&who).await, None);
});

on_both_databases!(a_sign_in_is_not_pushed_out_of_sight_by_wrong_passwords(shop) {
    let who = registered(&shop, "mori@example.jp").await;
    let thief = Device::new("Thief/1".to_owned(), Some("198.51.100.7".parse().unwrap()));
    entered(&shop, "mori@example.jp", &thief).await;
    for at in 0..30 {
        shop.clock.advance(16 * MINUTE * i64::from(at % 5 == 0));
        refused(login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &thief, None).await);
    }
    let who = find(&shop, &who.token).await.unwrap().unwrap();
    let page = view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    assert!(page.sign_ins.iter().any(|tried| tried.outcome == SignInOutcome::Ok && tried.network == thief.network));
    assert!(page.sign_ins.windows(2).all(|two| two[0].at >= two[1].at), "the newest first");
});

on_both_databases!(a_sign_in_is_not_pushed_out_of_sight_by_passwords_without_a_code(shop) {
    let who = registered(&shop, "mori@example.jp").await;
    let thief = Device::new("Thief/1".to_owned(), Some("198.51.100.7".parse().unwrap()));
    entered(&shop, "mori@example.jp", &thief).await;
    for _ in 0..30 {
        shop.clock.advance(16 * MINUTE);
        let asked = login(&shop, &credentials("mori@example.jp", PASSWORD), Lang::Ja, &device("x"), None).await.unwrap();
        assert!(matches!(asked, Opening::Asked(_)));
    }
    let who = find(&shop, &who.token).await.unwrap().unwrap();
    let page = view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    assert!(page.sign_ins.iter().any(|tried| tried.outcome == SignInOutcome::Ok && tried.network == thief.network));
    assert_eq!(page.sign_ins.iter().filter(|tried| tried.outcome == SignInOutcome::Asked).count(), 20);
    assert!(page.sign_ins.windows(2).all(|two| two[0].at >= two[1].at), "the newest first");
});

/// Writes down that a try at `at` ended in `outcome`; gives its place in the list.
async fn tried(shop: &TestShop, customer: Id<Customer>, at: i64, outcome: &str) -> (i64, Uuid) {
    let id = shop.entropy.uuid(at);
    let sql = "INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network) VALUES ($1, $2, $3, $4, '', '')";
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, sql, id, customer.0, at, outcome).await.unwrap();
    tx.commit().await.unwrap();
    (at, id)
}

on_both_databases!(a_blocked_try_is_not_pushed_out_of_sight_by_wrong_passwords(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let (_, blocked) = tried(&shop, owner.customer, shop.now() - 50, "blocked").await;
    for ago in 1..50 {
        tried(&shop, owner.customer, shop.now() - ago, "wrong_password").await;
    }
    let page = view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap();
    assert!(page.sign_ins.iter().any(|tried| tried.id == blocked && tried.outcome == SignInOutcome::Blocked));
    assert!(page.sign_ins.windows(2).all(|two| two[0].at >= two[1].at), "the newest first");
});

on_both_databases!(every_sign_in_of_ninety_days_is_reached_from_page_to_page_and_none_comes_twice(shop) {
    let (owner, other) = (registered(&shop, "mori@example.jp").await, registered(&shop, "hayashi@example.jp").await);
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let sql = "SELECT at, id FROM sign_in WHERE customer_id = $1";
    let mut written = fetch_all!(shop.db.read().await.unwrap(), (i64, Uuid), sql, owner.customer.0).await.unwrap();
    // Seven at a time have the same time, so that pages end in the middle of them.
    for n in 0..48 {
        let outcome = ["ok", "asked", "wrong_password", "wrong_code", "blocked"][n % 5];
        let at = shop.now() - 1_000 - i64::try_from(n / 7).unwrap();
        written.push(tried(&shop, owner.customer, at, outcome).await);
        tried(&shop, other.customer, at, outcome).await;
    }
    let since = shop.now() - HISTORY;
    written.push(tried(&shop, owner.customer, since + 1, "ok").await);
    tried(&shop, owner.customer, since, "ok").await;
    written.sort_unstable();
    written.reverse();
    let (mut reached, mut lengths, mut after) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = history::page(&shop, &who, &after).await.unwrap();
        assert_eq!(page.after.unwrap_or_default(), after, "a page says which one it is");
        reached.extend(page.sign_ins.iter().map(|tried| (tried.at, tried.id)));
        lengths.push(page.sign_ins.len());
        // Somebody tries again while they are looked through.
        tried(&shop, owner.customer, shop.now(), "wrong_password").await;
        let Some(older) = page.older else { break };
        after = older;
    }
    assert_eq!(reached, written);
    assert_eq!(lengths, [20, 20, 10]);
});

on_both_databases!(of_each_kind_the_newest_are_shown_and_first_what_waits_for_an_answer(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let now = shop.now();
    let mut waiting = Vec::new();
    for n in 0..15 {
        waiting.push(tried(&shop, owner.customer, now - 100 - n, "asked").await.1);
        // Newer ones, all of which are answered.
        let (_, answered) = tried(&shop, owner.customer, now - n, "asked").await;
        assert!(history::was_me(&shop, &who, answered).await.unwrap());
        tried(&shop, owner.customer, now - 2 * n, "wrong_password").await;
        tried(&shop, owner.customer, now - 2 * n - 1, "wrong_code").await;
    }
    let shown = view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins;
    let asked: Vec<_> = shown.iter().filter(|tried| tried.outcome == SignInOutcome::Asked).collect();
    assert_eq!((asked.len(), asked.iter().filter(|tried| waiting.contains(&tried.id)).count()), (20, 15));
    assert!(asked[..5].iter().all(|tried| tried.at > now - 5), "and of those that have an answer the newest");
    let failed = |outcome: SignInOutcome| shown.iter().filter(move |tried| tried.outcome == outcome).map(move |tried| now - tried.at);
    assert!(failed(SignInOutcome::WrongPassword).eq((0..10).map(|n| 2 * n)));
    assert!(failed(SignInOutcome::WrongCode).eq((0..10).map(|n| 2 * n + 1)));
});

on_both_databases!(an_accounts_page_reads_what_it_shows_however_many_wrong_passwords_there_are(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let mut tx = shop.db.write().await.unwrap();
    for n in 0..500 {
        let sql = "INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network) VALUES ($1, $2, $3, 'wrong_password', '', '')";
        execute!(tx, sql, shop.entropy.uuid(0), owner.customer.0, shop.now() - n).await.unwrap();
    }
    let (explain, before, id) = match shop.db.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN ", vec!["SELECT 1"], format!("x'{}'", owner.customer.0.simple())),
        Dialect::Postgres => {
            ("EXPLAIN ", vec!["ANALYZE sign_in", "SET LOCAL enable_seqscan = off"], format!("'{}'", owner.customer.0))
        }
    };
    for sql in before {
        execute!(tx, sql).await.unwrap();
    }
    for (sql, third) in [(history::NEWEST, "'ok'"), (history::WAITING, "'asked'"), (attention::TRIED, "100")] {
        let sql = sql.replace("$1", &id).replace("$2", "1").replace("$3", third).replace("$4", "20");
        let sql = sqlx::AssertSqlSafe(format!("{explain}{sql}"));
        let plan = match shop.db.dialect() {
            Dialect::Sqlite => fetch_all!(tx, (i64, i64, i64, String), sql).await.unwrap().into_iter().map(|row| row.3).collect::<Vec<_>>(),
            Dialect::Postgres => fetch_all!(tx, (String,), sql).await.unwrap().into_iter().map(|row| row.0).collect(),
        };
        assert!(plan.iter().any(|step| step.contains("sign_in_outcome")), "{plan:?}");
    }
});

on_both_databases!(the_page_after_nothing_that_can_be_read_is_that_of_the_newest(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    let who = find(&shop, &owner.token).await.unwrap().unwrap();
    let (at, id) = tried(&shop, owner.customer, shop.now(), "ok").await;
    let (before_time, after_time) = (format!("-{at}-{id}"), format!("99999999999999999999-{id}"));
    for odd in ["", "-", "1", "1-", "1-2", "x-y", "\0", before_time.as_str(), after_time.as_str()] {
        let page = history::page(&shop, &who, odd).await.unwrap();
        assert_eq!((page.after, page.older), (None, None), "{odd:?}");
        assert_eq!(page.sign_ins.len(), 2, "{odd:?}");
    }
    let exactly = history::page(&shop, &who, &format!("{at}-{id}")).await.unwrap();
    assert!(exactly.sign_ins.iter().all(|tried| tried.id != id), "what comes after it");
});

/// How the newest try of all ended, and by what.
async fn newest(shop: &TestShop) -> (String, Option<SignInWay>) {
    let sql = "SELECT outcome, way FROM sign_in ORDER BY at DESC, id DESC LIMIT 1";
    let mut conn = shop.db.read().await.unwrap();
    let (outcome, way) = fetch_one!(conn, (String, Option<String>), sql).await.unwrap();
    // Of two tries of one millisecond nobody could tell which is the newer one.
    shop.clock.advance(1);
    (outcome, way.map(|word| SignInWay::from_word(&word).unwrap()))
}

fn came(outcome: &str, way: SignInWay) -> (String, Option<SignInWay>) {
    (outcome.to_owned(), Some(way))
}

on_both_databases!(a_sign_in_says_by_what_somebody_came_in(shop) {
    let owner = registered(&shop, "mori@example.jp").await;
    assert_eq!(newest(&shop).await, came("ok", SignInWay::Registration));
    assert!(lets_in(&shop, &mut device("Firefox/1").holding(Some(owner.device.clone()))).await);
    assert_eq!(newest(&shop).await, came("ok", SignInWay::Password));
    let (email, strange) = (Email::parse("mori@example.jp").unwrap(), device("x"));
    let pending = asked(&shop, &strange).await;
    assert_eq!(newest(&shop).await, came("asked", SignInWay::Password), "so far");
    let code = typed(&mailed_code(&shop).await);
    confirm(&shop, &pending, &code, &strange, None).await.unwrap();
    assert_eq!(newest(&shop).await, came("ok", SignInWay::PasswordMail));
    refused(login(&shop, &credentials("mori@example.jp", "not the password"), Lang::Ja, &strange, None).await);
    assert_eq!(newest(&shop).await, ("wrong_password".to_owned(), None));
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &strange).await.unwrap();
    let code = typed(&mailed_code(&shop).await);
    confirm(&shop, &pending, &code, &strange, None).await.unwrap();
    assert_eq!(newest(&shop).await, came("ok", SignInWay::Mail));
    let pending = ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &strange).await.unwrap();
    let code = mailed_code(&shop).await;
    let entered = reset_password(&shop, &pending, &new_password(&code), &strange, None).await.unwrap();
    assert_eq!(newest(&shop).await, came("ok", SignInWay::Mail));
    // Its owner sees it.
    let who = find(&shop, &entered.token).await.unwrap().unwrap();
    let ways: Vec<_> = view::security(&shop, &who, Lang::Ja).await.unwrap().unwrap().sign_ins.iter().map(|tried| tried.way).collect();
    let (mail, both) = (Some(SignInWay::Mail), Some(SignInWay::PasswordMail));
    assert_eq!(ways, [mail, mail, None, both, Some(SignInWay::Password), Some(SignInWay::Registration)]);
});

on_both_databases!(a_sign_in_with_an_app_says_what_its_code_came_after(shop) {
    let (secret, codes, home) = with_app(&shop).await;
    shop.clock.advance(email_change::PATIENCE);
    let email = Email::parse("mori@example.jp").unwrap();
    let pending = asked(&shop, &home).await;
    assert_eq!(newest(&shop).await, came("asked", SignInWay::Password));
    step(&shop, &pending, &app_shows(&shop, &secret), &home).await.unwrap();
    assert_eq!(newest(&shop).await, came("ok", SignInWay::PasswordApp));
    let pending = asked(&shop, &home).await;
    step(&shop, &pending, &StepCode::Recovery(codes[0].clone()), &home).await.unwrap();
    assert_eq!(newest(&shop).await, came("ok", SignInWay::PasswordRecovery));
    let pending = ask_mailbox(&shop, Kind::SignIn, &email, Lang::Ja, &home).await.unwrap();
    let by_mail = StepCode::Digits(typed(&mailed_code(&shop).await));
    let Opening::Asked(pending) = step(&shop, &pending, &by_mail, &home).await.unwrap() else { panic!("the mailbox alone is enough") };
    assert_eq!(newest(&shop).await, came("asked", SignInWay::Mail));
    step(&shop, &pending, &app_shows(&shop, &secret), &home).await.unwrap();
    assert_eq!(newest(&shop).await, came("ok", SignInWay::MailApp));
    // With a new password that waits for the code.
    let pending = ask_mailbox(&shop, Kind::Reset, &email, Lang::Ja, &home).await.unwrap();
    let code = mailed_code(&shop).await;
    let opening = crate::account::reset_password(&shop, &pending, &new_password(&code), Lang::Ja, &home, None).await.unwrap();
    let Opening::Asked(pending) = opening else { panic!("the mailbox alone is enough") };
    assert_eq!(newest(&shop).await, came("asked", SignInWay::Mail));
    step(&shop, &pending, &StepCode::Recovery(codes[1].clone()), &home).await.unwrap();
    assert_eq!(newest(&shop).await, came("ok", SignInWay::MailRecovery));
});
