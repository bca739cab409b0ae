//! Taking a change back.

use noren_domain::account::{EmailLink, LoginForm};

use super::*;

on_both_databases!(the_old_mailbox_takes_a_change_back_once_and_puts_everybody_out(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    changed(&shop, &who, OLD, NEW).await;
    with_app(&shop, hers, shop.now()).await;
    let token = link_to(&shop, OLD).await;
    for _ in 0..2 {
        assert_eq!(link(&shop, &token).await.unwrap(), EmailLink::PutsBack);
    }
    assert_eq!((address_of(&shop, hers).await.as_str(), sessions(&shop, hers).await), (NEW, 1), "looking changes nothing");
    shop.clock.advance(BACK_LIFE - 10);
    let app = RemovedFactors { app: true, ..RemovedFactors::default() };
    assert_eq!(take_back(&shop, &token, &device()).await.unwrap(), TakenBack::PutBack(app));
    assert_eq!((address_of(&shop, hers).await.as_str(), sessions(&shop, hers).await), (OLD, 0));
    assert_eq!((owner_of(&shop, OLD).await, owner_of(&shop, NEW).await), (Some(hers.0), None));
    let app = fetch_optional!(shop.db.read().await.unwrap(), (i32,), "SELECT 1 FROM totp").await.unwrap();
    assert!(app.is_none(), "what was set up since does not open the account");
    let told = mails_to(&shop, OLD).await;
    let told = told.last().unwrap();
    assert!(told.subject.contains("元に戻しました") && told.text.contains("復旧コードがあれば、ご本人が以前のものと置き換えたものを除き、取り除きました"), "{}", told.text);
    assert!(mails_to(&shop, NEW).await.last().unwrap().text.contains("外されました"));
    assert_eq!(link(&shop, &token).await.unwrap(), EmailLink::Void);
    assert_eq!(refused(take_back(&shop, &token, &device()).await), Fault::NotFound);
    assert_eq!(paused_until(&mut shop.db.read().await.unwrap(), &shop, hers).await.unwrap(), None, "nothing is paused for its owner");
    shop.clock.advance(BACK_LIFE + 1);
    account::sweep(&shop).await.unwrap();
    assert!(changes(&shop).await.is_empty());
});

on_both_databases!(a_password_that_a_thief_knows_is_void_after_it(shop) {
    let pending = account::register(&shop, &registration(OLD), Lang::Ja, &device()).await.unwrap();
    let code = typed(&code_to(&shop, OLD).await);
    let entered = account::verify(&shop, &pending, &code, &device(), None).await.unwrap();
    let who = session::find(&shop, &entered.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    changed(&shop, &who, OLD, NEW).await;
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    let form = LoginForm { email: OLD.into(), password: "wardrobe velvet onion".into(), next: String::new() };
    let home = device().holding(Some(entered.device));
    assert_eq!(refused(account::login(&shop, &form.parse().unwrap(), Lang::Ja, &home, None).await), Fault::Credentials);
});

on_both_databases!(after_seven_days_it_cannot_be_taken_back_and_the_old_address_is_gone(shop) {
    let who = proved(&shop, customer(&shop, OLD).await).await;
    changed(&shop, &who, OLD, NEW).await;
    let token = link_to(&shop, OLD).await;
    shop.clock.advance(BACK_LIFE);
    assert_eq!(link(&shop, &token).await.unwrap(), EmailLink::Void);
    assert_eq!(refused(take_back(&shop, &token, &device()).await), Fault::NotFound);
    shop.clock.advance(1);
    account::sweep(&shop).await.unwrap();
    assert!(changes(&shop).await.is_empty(), "with the bytes that it was sealed in");
    let pending = account::register(&shop, &registration(OLD), Lang::Ja, &device()).await.unwrap();
    let code = typed(&code_to(&shop, OLD).await);
    account::verify(&shop, &pending, &code, &device(), None).await.unwrap();
});

on_both_databases!(the_first_owner_gets_the_address_back_however_often_it_was_changed_since(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    changed(&shop, &who, OLD, "thief@example.com").await;
    let owners = link_to(&shop, OLD).await;
    changed(&shop, &who, "thief@example.com", "thief.too@example.com").await;
    let thiefs = link_to(&shop, "thief@example.com").await;
    asks(&shop, &who, "thief.three@example.com").await.unwrap();
    assert_eq!(take_back(&shop, &owners, &device()).await.unwrap(), TakenBack::PutBack(RemovedFactors::default()));
    assert_eq!(address_of(&shop, hers).await, OLD);
    assert_eq!(refused(take_back(&shop, &thiefs, &device()).await), Fault::NotFound, "it is no way back for the thief");
    assert_eq!(changes(&shop).await.len(), 1);
});

on_both_databases!(the_second_owner_can_take_back_the_second_change_and_the_first_still_theirs(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    changed(&shop, &who, OLD, NEW).await;
    let first = link_to(&shop, OLD).await;
    changed(&shop, &who, NEW, "third@example.com").await;
    let second = link_to(&shop, NEW).await;
    take_back(&shop, &second, &device()).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, NEW);
    take_back(&shop, &first, &device()).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, OLD);
});

on_both_databases!(who_goes_back_by_the_front_door_can_have_the_other_address_back(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    changed(&shop, &who, OLD, NEW).await;
    let first = link_to(&shop, OLD).await;
    changed(&shop, &who, NEW, OLD).await;
    assert_eq!(refused(take_back(&shop, &first, &device()).await), Fault::NotFound);
    take_back(&shop, &link_to(&shop, NEW).await, &device()).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, NEW);
});

on_both_databases!(an_address_that_can_be_had_back_is_registered_by_nobody_else(shop) {
    let hers = customer(&shop, OLD).await;
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    mails_to(&shop, OLD).await;
    shop.clock.advance(1_000);
    let pending = account::register(&shop, &registration(OLD), Lang::Ja, &device()).await.unwrap();
    let told = mails_to(&shop, OLD).await;
    assert!(told.last().unwrap().subject.contains("まだご登録いただけません"), "{}", told.last().unwrap().subject);
    let sql = "SELECT id FROM registration";
    let (id,) = fetch_one!(shop.db.read().await.unwrap(), (Uuid,), sql).await.unwrap();
    let unsent = StepCode::parse(&account::mail_code(&shop, id)).unwrap();
    assert_eq!(refused(account::verify(&shop, &pending, &typed(&unsent), &device(), None).await), Fault::Code);
    let other = proved(&shop, customer(&shop, "taro@example.jp").await).await;
    asks(&shop, &other, OLD).await.unwrap();
    let code = code_to(&shop, OLD).await;
    types(&shop, &other, &code).await.unwrap();
    let code = code_to(&shop, "taro@example.jp").await;
    assert_eq!(refused(types(&shop, &other, &code).await), Fault::Changed);
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    assert_eq!(address_of(&shop, hers).await, OLD);
});

on_both_databases!(for_three_days_after_a_change_no_factor_is_removed(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    recovery::renew(&shop, &who, &device()).await.unwrap();
    with_app(&shop, hers, 0).await;
    changed(&shop, &who, OLD, NEW).await;
    let until = shop.now() + PATIENCE;
    assert_eq!(paused_until(&mut shop.db.read().await.unwrap(), &shop, hers).await.unwrap(), Some(until));
    let paused = |result: Result<(), account::factors::FactorError>, hours| match result {
        Err(account::factors::FactorError::Refused(fault)) => assert_eq!(fault, Fault::Paused { hours }),
        other => panic!("{other:?}"),
    };
    paused(account::totp::turn_off(&shop, &who, &device()).await.map(drop), 72);
    shop.clock.advance(PATIENCE - 1);
    paused(recovery::renew(&shop, &who, &device()).await.map(drop), 1);
    let error = account::passkeys::remove(&shop, &who, "AAAA", &device()).await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::Paused { hours: 1 }));
    shop.clock.advance(1);
    recovery::renew(&shop, &who, &device()).await.unwrap();
    assert!(account::totp::turn_off(&shop, &who, &device()).await.unwrap());
});

on_both_databases!(both_addresses_are_found_again_by_another_index_key(shop) {
    shop.migrate().await.unwrap();
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    changed(&shop, &who, OLD, NEW).await;
    let token = link_to(&shop, OLD).await;
    asks(&shop, &who, "third@example.com").await.unwrap();
    let how = crate::reindex::How { grace: std::time::Duration::ZERO, finish: false };
    assert_eq!(crate::reindex::reindex(&shop, how, |_, _| ()).await.unwrap(), 3);
    let code = code_to(&shop, "third@example.com").await;
    types(&shop, &who, &code).await.unwrap();
    let code = code_to(&shop, NEW).await;
    assert!(matches!(types(&shop, &who, &code).await.unwrap(), Confirmed::Changed(_)));
    assert_eq!(owner_of(&shop, "third@example.com").await, Some(hers.0));
    take_back(&shop, &token, &device()).await.unwrap();
    assert_eq!(owner_of(&shop, OLD).await, Some(hers.0));
});

on_both_databases!(while_the_index_key_is_exchanged_a_change_finds_what_has_its_address_by_either_key(shop) {
    shop.migrate().await.unwrap();
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    changed(&shop, &who, OLD, NEW).await;
    let first = link_to(&shop, OLD).await;
    account::register(&shop, &registration("third@example.com"), Lang::Ja, &device()).await.unwrap();
    shop.vault.rotate_index_key(Asker::operator("rotate/index")).await.unwrap();
    account::register(&shop, &registration("third@example.com"), Lang::Ja, &device()).await.unwrap();
    // Theirs have come before the code of the change is asked for.
    mails_to(&shop, "third@example.com").await;
    changed(&shop, &who, NEW, "third@example.com").await;
    let sql = "SELECT COUNT(*) FROM registration";
    let left = fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0;
    assert_eq!(left, 0, "registrations under both keys are over");
    changed(&shop, &who, "third@example.com", OLD).await;
    assert_eq!(refused(take_back(&shop, &first, &device()).await), Fault::NotFound, "the front door leaves nothing to be taken back");
});

on_both_databases!(of_a_change_that_was_stopped_by_the_link_the_owner_is_told_and_what_is_left_to_do(shop) {
    let hers = customer(&shop, OLD).await;
    asks(&shop, &proved(&shop, hers).await, NEW).await.unwrap();
    let token = link_to(&shop, OLD).await;
    shop.clock.advance(1);
    take_back(&shop, &token, &device()).await.unwrap();
    let sql = "SELECT kind, network FROM account_event ORDER BY at, id";
    let events = fetch_all!(shop.db.read().await.unwrap(), (String, String), sql).await.unwrap();
    assert_eq!(events.last(), Some(&("email_change_stopped".to_owned(), device().network)));
    let told = mails_to(&shop, OLD).await;
    let told = told.last().unwrap();
    assert!(told.subject.contains("変更を止めました") && !told.text.contains("/account/email/back/"), "{}", told.subject);
    for said in [
        "メールアドレスは変わりません",
        "すべての端末をログアウト",
        "パスワードは使えなくしました",
        "復旧コードがあれば、ご本人が以前のものと置き換えたものを除き、取り除きました",
        "「パスワードをお忘れの方」",
        "合言葉",
    ] {
        assert!(told.text.contains(said), "{said}: {}", told.text);
    }
});

on_both_databases!(what_went_to_the_other_mailbox_after_a_way_back_is_not_among_the_owners_mails(shop) {
    let hers = customer(&shop, OLD).await;
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    let token = link_to(&shop, OLD).await;
    shop.clock.advance(1);
    take_back(&shop, &token, &device()).await.unwrap();
    let over = mails_to(&shop, NEW).await.pop().unwrap();
    assert!(over.text.contains("外されました"), "{}", over.text);
    let page = crate::mail::sent::mine(&shop, hers.0, 1, Lang::Ja).await.unwrap();
    let subjects: Vec<_> = page.mails.into_iter().map(|mail| mail.subject).collect();
    assert!(subjects.iter().any(|subject| subject.contains("元に戻しました")), "{subjects:?}");
    assert!(!subjects.contains(&over.subject), "{subjects:?}");
});

on_both_databases!(the_code_to_the_new_mailbox_is_among_the_owners_mails_from_the_change_on_until_it_is_taken_back(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    asks(&shop, &who, NEW).await.unwrap();
    let code = code_to(&shop, NEW).await;
    let mail = mails_to(&shop, NEW).await.pop().unwrap();
    let listed = async || {
        let page = crate::mail::sent::mine(&shop, hers.0, 1, Lang::Ja).await.unwrap();
        page.mails.iter().any(|line| mail.text.contains(line.no.as_str()))
    };
    assert!(!listed().await, "it would say that the address is nobody's");
    assert!(matches!(types(&shop, &who, &code).await.unwrap(), Confirmed::OldCode));
    let code = code_to(&shop, OLD).await;
    assert!(!listed().await);
    assert!(matches!(types(&shop, &who, &code).await.unwrap(), Confirmed::Changed(_)));
    assert!(listed().await, "that mailbox is the account's own");
    let token = link_to(&shop, OLD).await;
    shop.clock.advance(1);
    take_back(&shop, &token, &device()).await.unwrap();
    assert!(!listed().await, "it is somebody else's");
});

on_both_databases!(what_went_to_the_other_mailbox_lies_in_no_folder_once_nothing_says_whose_it_was(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    asks(&shop, &who, NEW).await.unwrap();
    code_to(&shop, NEW).await;
    asks(&shop, &who, "third@example.com").await.unwrap();
    assert!(mails_to(&shop, NEW).await.is_empty(), "that change was given up");
    code_to(&shop, "third@example.com").await;
    assert!(stop(&shop, who.who()).await.unwrap());
    assert!(mails_to(&shop, "third@example.com").await.is_empty(), "and this one stopped");

    changed(&shop, &who, OLD, NEW).await;
    let token = link_to(&shop, OLD).await;
    shop.clock.advance(1);
    take_back(&shop, &token, &device()).await.unwrap();
    let over = async || mails_to(&shop, NEW).await.iter().any(|mail| mail.text.contains("外されました"));
    assert!(over().await);
    let list = async || {
        let page = crate::mail::sent::mine(&shop, hers.0, 1, Lang::Ja).await.unwrap();
        page.mails.into_iter().map(|mail| mail.no).collect::<Vec<_>>()
    };
    let before = list().await;
    shop.clock.advance(BACK_LIFE + 1);
    account::sweep(&shop).await.unwrap();
    assert!(changes(&shop).await.is_empty() && !over().await);
    assert_eq!(list().await, before, "and the owner's list is what it was");
});

on_both_databases!(a_mail_that_cannot_be_deleted_keeps_nobody_from_stopping_a_change_and_goes_later(shop) {
    let who = proved(&shop, customer(&shop, OLD).await).await;
    asks(&shop, &who, NEW).await.unwrap();
    let mail = mails_to(&shop, NEW).await.pop().unwrap();
    let path = shop.mailbox_dir().join(format!("{}.eml", mail.name));
    // A folder in its place is not deleted as a file is.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(stop(&shop, who.who()).await.unwrap());
    assert!(changes(&shop).await.is_empty());
    outbox::run_due(&shop).await.unwrap();
    assert_eq!(outbox::backlog(&shop).await.unwrap().waiting, 1);
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, b"").unwrap();
    shop.clock.advance(HOUR);
    outbox::run_due(&shop).await.unwrap();
    assert_eq!((path.exists(), outbox::backlog(&shop).await.unwrap().waiting), (false, 0));
});

on_both_databases!(of_a_change_that_has_ended_as_much_is_left_to_a_job_whosever_the_address_is(shop) {
    customer(&shop, "taro@example.jp").await;
    let who = proved(&shop, customer(&shop, OLD).await).await;
    let mut jobs = Vec::new();
    for email in [NEW, "taro@example.jp"] {
        asks(&shop, &who, email).await.unwrap();
        let mails = mails_to(&shop, email).await;
        assert!(stop(&shop, who.who()).await.unwrap());
        let path = shop.mailbox_dir().join(format!("{}.eml", mails[0].name));
        assert!(path.exists(), "nothing is deleted while somebody waits for the answer");
        jobs.push(outbox::backlog(&shop).await.unwrap().waiting);
        outbox::run_due(&shop).await.unwrap();
        assert_eq!(path.exists(), email != NEW, "what its owner was told stays theirs");
    }
    assert_eq!(jobs, [1, 1]);
});

on_both_databases!(at_an_address_that_was_put_back_the_newsletter_is_asked_about_by_the_shop(shop) {
    let hers = customer(&shop, OLD).await;
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    crate::newsletter::ask(&shop, hers, Lang::Ja).await.unwrap();
    let token = link_to(&shop, OLD).await;
    shop.clock.advance(1);
    take_back(&shop, &token, &device()).await.unwrap();
    let sql = "SELECT act, source FROM newsletter_consent ORDER BY id";
    let entries = fetch_all!(shop.db.read().await.unwrap(), (String, String), sql).await.unwrap();
    let said = |act: &str, source: &str| (act.to_owned(), source.to_owned());
    assert_eq!(entries, [said("asked", "account"), said("asked_anew", "address_change")]);
    let mails = mails_to(&shop, OLD).await;
    let asked = mails.iter().find(|mail| mail.text.contains("/newsletter/confirm/")).unwrap();
    assert!(asked.text.contains("このアドレスにお送りして") && !asked.text.contains("お申し込み"), "{}", asked.text);
});

/// A passkey, an app, recovery codes and a wait for their removal, all of this age (ms).
pub(super) async fn with_factors(shop: &Shop, customer: Id<Customer>, age: i64) {
    let at = shop.now() - age;
    with_app(shop, customer, at).await;
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO passkey (credential_id, customer_id, credential, name, backed_up, created_at) VALUES ($1, $2, '{}', 'x', $3, $4)";
    execute!(tx, sql, vec![1u8; 16], customer.0, false, at).await.unwrap();
    let sql = "INSERT INTO recovery_code (customer_id, hash, made_at) VALUES ($1, $2, $3)";
    execute!(tx, sql, customer.0, vec![1u8; 32], at).await.unwrap();
    let sql = "INSERT INTO factor_removal (customer_id, asked_at, due_at) VALUES ($1, $2, $3)";
    execute!(tx, sql, customer.0, shop.now(), shop.now() + BACK_LIFE).await.unwrap();
    tx.commit().await.unwrap();
}

pub(super) async fn factors(shop: &Shop) -> Vec<i64> {
    let mut left = Vec::new();
    for sql in [
        "SELECT COUNT(*) FROM passkey",
        "SELECT COUNT(*) FROM totp",
        "SELECT COUNT(*) FROM recovery_code",
        "SELECT COUNT(*) FROM factor_removal",
    ] {
        left.push(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0);
    }
    left
}

async fn password_of(shop: &Shop) -> String {
    fetch_one!(shop.db.read().await.unwrap(), (String,), "SELECT password_hash FROM customer").await.unwrap().0
}

on_both_databases!(what_a_thief_set_up_just_before_the_change_goes_with_it_and_what_is_old_stays(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    with_factors(&shop, hers, PATIENCE - HOUR).await;
    changed(&shop, &who, OLD, NEW).await;
    assert_eq!(factors(&shop).await, [1, 1, 1, 1]);
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    assert_eq!(factors(&shop).await, [0, 0, 0, 0]);
    shop.clock.advance(HOUR);
    with_factors(&shop, hers, PATIENCE).await;
    changed(&shop, &proved(&shop, hers).await, OLD, "third@example.com").await;
    take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap();
    assert_eq!(factors(&shop).await, [1, 1, 1, 0], "nobody asked for a removal but the thief");
});

on_both_databases!(a_change_that_is_stopped_by_the_link_leaves_the_thief_neither_password_nor_factor(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved(&shop, hers).await;
    with_factors(&shop, hers, HOUR).await;
    let before = password_of(&shop).await;
    asks(&shop, &who, NEW).await.unwrap();
    let all = RemovedFactors { app: true, passkeys: true, recovery: true };
    assert_eq!(take_back(&shop, &link_to(&shop, OLD).await, &device()).await.unwrap(), TakenBack::Stopped(all));
    assert_eq!((factors(&shop).await, sessions(&shop, hers).await), (vec![0, 0, 0, 0], 0));
    assert_ne!(password_of(&shop).await, before);
    assert_eq!(address_of(&shop, hers).await, OLD);
});
