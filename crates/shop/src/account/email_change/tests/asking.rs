//! Asking for another address, and the codes.

use super::*;

on_both_databases!(without_a_second_factor_both_mailboxes_must_agree(shop) {
    let hers = customer(&shop, OLD).await;
    let (who, elsewhere) = (proved(&shop, hers).await, proved(&shop, hers).await);
    asks(&shop, &who, NEW).await.unwrap();
    let (new, old) = (mails_to(&shop, NEW).await, mails_to(&shop, OLD).await);
    assert!(new.len() == 1 && !new[0].text.contains("合言葉"), "a mailbox that is nobody's yet learns nothing");
    assert!(old.len() == 1 && old[0].text.contains("まだ変わっていません") && old[0].text.contains("合言葉"));
    assert!(matches!(types(&shop, &who, &code_to(&shop, NEW).await).await.unwrap(), Confirmed::OldCode));
    assert_eq!(address_of(&shop, hers).await, OLD);
    assert_eq!(refused(types(&shop, &who, &code_to(&shop, NEW).await).await), Fault::Code, "the code of before");
    let code = code_to(&shop, OLD).await;
    let Confirmed::Changed(entered) = types(&shop, &who, &code).await.unwrap() else { panic!("another code") };

    assert_eq!((address_of(&shop, hers).await.as_str(), owner_of(&shop, NEW).await), (NEW, Some(hers.0)));
    assert_eq!(owner_of(&shop, OLD).await, None);
    assert!(session::find(&shop, &entered.token).await.unwrap().is_some_and(|who| who.customer == hers));
    assert_eq!(sessions(&shop, hers).await, 1, "every other session is over");
    assert!(!session::is_open(&mut shop.db.read().await.unwrap(), elsewhere.session()).await.unwrap());
    let (new, old) = (mails_to(&shop, NEW).await, mails_to(&shop, OLD).await);
    assert!(old.last().unwrap().text.contains("/account/email/back/"));
    assert!(new.last().unwrap().subject.contains("変更されました") && !new.last().unwrap().text.contains("/back/"));
    let view = view(&shop, entered_who(&shop, &entered).await.who()).await.unwrap().unwrap();
    assert_eq!((view.address.as_deref(), view.verified_at, view.pending), (Some(NEW), shop.now(), None));
    assert_eq!(view.back, Some(EmailBack { until: shop.now() + BACK_LIFE, paper: false }));
    assert_eq!(refused(types(&shop, &who, &code).await), Fault::Changed, "a replay finds nothing");
});

async fn entered_who(shop: &Shop, entered: &Entered) -> Recent {
    session::find(shop, &entered.token).await.unwrap().unwrap().recent(shop.now()).unwrap()
}

on_both_databases!(a_second_factor_takes_the_old_mailboxs_place_unless_it_is_of_these_days(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved_by_app(&shop, hers).await;
    with_app(&shop, hers, shop.now() - PATIENCE + 2).await;
    asks(&shop, &who, NEW).await.unwrap();
    assert_eq!(changes(&shop).await, [("new".to_owned(), "both".to_owned())], "a thief may have set it up just now");
    asks(&shop, &who, NEW).await.unwrap();
    assert_eq!(changes(&shop).await, [("new".to_owned(), "factor".to_owned())]);
    let code = code_to(&shop, NEW).await;
    assert!(matches!(types(&shop, &who, &code).await.unwrap(), Confirmed::Changed(_)));
    assert!(mails_to(&shop, OLD).await.last().unwrap().text.contains("/account/email/back/"));
});

on_both_databases!(an_app_takes_the_old_mailboxs_place_only_where_its_code_was_given_just_now(shop) {
    let hers = customer(&shop, OLD).await;
    with_app(&shop, hers, 0).await;
    let way = async |who: &Recent| {
        asks(&shop, who, NEW).await.unwrap();
        changes(&shop).await.remove(0).1
    };
    // A passkey is not asked for it, at the sign-in or as a proof.
    assert_eq!(way(&proved(&shop, hers).await).await, "both");
    let who = proved_by_app(&shop, hers).await;
    assert_eq!(way(&who).await, "factor");
    shop.clock.advance(session::RECENT - 2);
    let again = proves_by_passkey(&shop, &who).await;
    assert_eq!(way(&again).await, "factor", "it is as fresh as any proof must be");
    assert_eq!(way(&again).await, "both", "a millisecond later it is not, and the passkey's proof is");
    shop.clock.advance(DAY);
    let ahead = proved_by_app(&shop, hers).await;
    shop.clock.advance(-DAY);
    assert_eq!(way(&ahead).await, "both", "nor does one count that lies ahead");
});

on_both_databases!(a_passkey_does_not_take_the_old_mailboxs_place_for_the_password_proves_without_it(shop) {
    let hers = customer(&shop, OLD).await;
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO passkey (credential_id, customer_id, credential, name, backed_up, created_at) VALUES ($1, $2, '{}', 'x', $3, 0)";
    execute!(tx, sql, vec![1u8; 16], hers.0, false).await.unwrap();
    tx.commit().await.unwrap();
    asks(&shop, &proved(&shop, hers).await, NEW).await.unwrap();
    assert_eq!(changes(&shop).await, [("new".to_owned(), "both".to_owned())]);
});

on_both_databases!(of_many_wrong_codes_the_owner_hears_once_a_day(shop) {
    let who = proved(&shop, customer(&shop, OLD).await).await;
    let told = async || {
        let sql = "SELECT COUNT(*) FROM account_event WHERE kind = 'many_wrong_codes'";
        fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0
    };
    for day in 1..3 {
        for _ in 0..2 {
            asks(&shop, &who, NEW).await.unwrap();
            let wrong = another(&code_to(&shop, NEW).await);
            for _ in 0..11 {
                refused(types(&shop, &who, &wrong).await);
            }
            assert_eq!(told().await, day);
            shop.clock.advance(2 * HOUR);
        }
        shop.clock.advance(DAY);
    }
});

on_both_databases!(a_code_is_good_for_ten_minutes_five_tries_and_its_own_customer(shop) {
    let (hers, his) = (customer(&shop, OLD).await, customer(&shop, "taro@example.jp").await);
    let (who, other) = (proved(&shop, hers).await, proved(&shop, his).await);
    asks(&shop, &who, NEW).await.unwrap();
    asks(&shop, &other, "taro.new@example.jp").await.unwrap();
    let (mine, foreign) = (code_to(&shop, NEW).await, code_to(&shop, "taro.new@example.jp").await);
    assert_eq!(refused(types(&shop, &who, &foreign).await), Fault::Code, "somebody else's");
    for _ in 0..4 {
        assert_eq!(refused(types(&shop, &who, &another(&mine)).await), Fault::Code);
    }
    assert_eq!(refused(types(&shop, &who, &mine).await), Fault::CodeOver, "after five tries the right one is no use");
    resend(&shop, &who).await.unwrap();
    let fresh = code_to(&shop, NEW).await;
    assert_eq!(refused(types(&shop, &who, &mine).await), Fault::Code, "another one was sent");
    shop.clock.advance(CODE_LIFE);
    assert_eq!(refused(types(&shop, &who, &fresh).await), Fault::CodeOver, "too late");
    shop.clock.advance(HOUR);
    resend(&shop, &who).await.unwrap();
    let fresh = code_to(&shop, NEW).await;
    assert!(matches!(types(&shop, &who, &fresh).await.unwrap(), Confirmed::OldCode));
    assert_eq!(address_of(&shop, his).await, "taro@example.jp");
});

on_both_databases!(codes_cannot_be_guessed_by_beginning_anew(shop) {
    let who = proved(&shop, customer(&shop, OLD).await).await;
    let mut tried = 0;
    for _ in 0..5 {
        asks(&shop, &who, NEW).await.unwrap();
        let wrong = another(&code_to(&shop, NEW).await);
        for _ in 0..5 {
            match refused(types(&shop, &who, &wrong).await) {
                Fault::Code => tried += 1,
                Fault::TooMany { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(tried, 10);
    assert!(matches!(refused(asks(&shop, &who, NEW).await), Fault::TooMany { .. }));
});

on_both_databases!(a_code_of_a_clock_that_was_ahead_is_worth_nothing_and_another_one_is_sent(shop) {
    let who = proved(&shop, customer(&shop, OLD).await).await;
    shop.clock.advance(3 * DAY);
    asks(&shop, &who, NEW).await.unwrap();
    let ahead = code_to(&shop, NEW).await;
    shop.clock.advance(-3 * DAY);
    assert_eq!(refused(types(&shop, &who, &ahead).await), Fault::CodeOver, "it would be good for three days");
    // Each limit holds a clock that was ahead against somebody once, and no longer than a try takes to come back.
    for _ in 0..2 {
        assert!(matches!(refused(resend(&shop, &who).await), Fault::TooMany { minutes: 1..=12 }));
        shop.clock.advance(12 * MINUTE);
    }
    resend(&shop, &who).await.unwrap();
    let row = rows::open(&mut shop.db.read().await.unwrap(), &shop, who.customer()).await.unwrap().unwrap();
    let code = StepCode::parse(&mail_code(&shop, row.code_id)).unwrap();
    assert!(matches!(types(&shop, &who, &code).await.unwrap(), Confirmed::OldCode));
});

on_both_databases!(who_asks_for_somebody_elses_address_sees_nothing_of_it_and_its_owner_does(shop) {
    let (hers, theirs) = (customer(&shop, OLD).await, customer(&shop, NEW).await);
    let who = proved(&shop, hers).await;
    asks(&shop, &who, NEW).await.unwrap();
    let seen = view(&shop, who.who()).await.unwrap().unwrap();
    assert_eq!(seen.pending.map(|pending| (pending.address, pending.step)), Some((Some(NEW.to_owned()), EmailStep::NewCode)));
    let told = mails_to(&shop, NEW).await;
    assert!(told.len() == 1 && told[0].text.contains("ほかのアカウントの") && !told[0].text.contains("    "));
    let row = rows::open(&mut shop.db.read().await.unwrap(), &shop, hers).await.unwrap().unwrap();
    let unsent = StepCode::parse(&mail_code(&shop, row.code_id)).unwrap();
    assert_eq!(refused(types(&shop, &who, &unsent).await), Fault::Changed, "not even a guess gets it");
    assert_eq!((owner_of(&shop, NEW).await, address_of(&shop, hers).await.as_str()), (Some(theirs.0), OLD));

    // The list of mails is the same as where the address is nobody's.
    let list = async |who: Id<Customer>| {
        let page = crate::mail::sent::mine(&shop, who.0, 1, Lang::Ja).await.unwrap();
        page.mails.into_iter().map(|mail| mail.subject).collect::<Vec<_>>()
    };
    let seen = list(hers).await;
    let free = customer(&shop, "mori@example.jp").await;
    asks(&shop, &proved(&shop, free).await, "nobody@example.jp").await.unwrap();
    code_to(&shop, "nobody@example.jp").await;
    assert_eq!(seen, list(free).await);
    assert_eq!(list(theirs).await.len(), 1);
});

on_both_databases!(ones_own_address_is_refused_however_it_is_typed(shop) {
    let who = proved(&shop, customer(&shop, OLD).await).await;
    for same in [OLD, " Hanako@Example.JP ", "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"] {
        assert_eq!(refused(asks(&shop, &who, same).await), Fault::SameEmail);
    }
    assert!(changes(&shop).await.is_empty() && mails_to(&shop, OLD).await.is_empty());
});

on_both_databases!(a_session_that_has_ended_meanwhile_changes_nothing(shop) {
    let hers = customer(&shop, OLD).await;
    let who = proved_by_app(&shop, hers).await;
    with_app(&shop, hers, 0).await;
    asks(&shop, &who, NEW).await.unwrap();
    let code = code_to(&shop, NEW).await;
    let other = proved(&shop, hers).await;
    assert!(account::end_one(&shop, &other, who.session(), &device()).await.unwrap());
    assert_eq!(refused(types(&shop, &who, &code).await), Fault::SessionEnded);
    assert_eq!(refused(asks(&shop, &who, "x@example.jp").await), Fault::SessionEnded);
    assert_eq!(refused(resend(&shop, &who).await), Fault::SessionEnded);
    assert_eq!(address_of(&shop, hers).await, OLD);
    assert!(matches!(types(&shop, &other, &code).await.unwrap(), Confirmed::Changed(_)), "another one may finish it");
});

on_both_databases!(what_ends_all_codes_ends_a_change_as_well(shop) {
    let hers = customer(&shop, OLD).await;
    let (thief, owner) = (proved(&shop, hers).await, proved(&shop, hers).await);
    asks(&shop, &thief, NEW).await.unwrap();
    let id = shop.entropy.uuid(shop.now());
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network) VALUES ($1, $2, 0, 'ok', '', '')";
    execute!(tx, sql, id, hers.0).await.unwrap();
    tx.commit().await.unwrap();
    assert!(account::history::was_not_me(&shop, &owner, id, &device()).await.unwrap());
    assert!(changes(&shop).await.is_empty());
});

on_both_databases!(a_change_that_is_not_finished_is_forgotten_with_its_address(shop) {
    let who = proved(&shop, customer(&shop, OLD).await).await;
    asks(&shop, &who, NEW).await.unwrap();
    shop.clock.advance(PENDING_LIFE);
    assert_eq!(refused(resend(&shop, &who).await), Fault::Changed);
    shop.clock.advance(1);
    account::sweep(&shop).await.unwrap();
    assert!(changes(&shop).await.is_empty());
});

on_both_databases!(the_newsletter_is_asked_about_anew_at_the_new_address(shop) {
    let hers = customer(&shop, OLD).await;
    crate::newsletter::ask(&shop, hers, Lang::Ja).await.unwrap();
    let mails = mails_to(&shop, OLD).await;
    shop.clock.advance(1);
    let old_link = Token::parse(&mails[0].text.split("/newsletter/confirm/").nth(1).unwrap()[..43]).unwrap();
    crate::newsletter::confirm(&shop, &old_link, Lang::Ja).await.unwrap();
    changed(&shop, &proved(&shop, hers).await, OLD, NEW).await;
    assert_eq!(crate::newsletter::standing(&shop, hers).await.unwrap(), noren_domain::newsletter::Standing::Asked);
    let good_for = crate::newsletter::confirm_link(&shop, &old_link).await.unwrap();
    assert_eq!(good_for, noren_domain::newsletter::Link::Void);
    let mails = mails_to(&shop, NEW).await;
    let asked = mails.iter().find(|mail| mail.text.contains("/newsletter/confirm/")).unwrap();
    assert!(asked.text.contains("アカウントのメールアドレスが変わりました") && !asked.text.contains("ありがとうございます"), "{}", asked.text);
    let token = Token::parse(&asked.text.split("/newsletter/confirm/").nth(1).unwrap()[..43]).unwrap();
    shop.clock.advance(1);
    assert!(crate::newsletter::confirm(&shop, &token, Lang::Ja).await.unwrap());
    let sql = "SELECT act, source FROM newsletter_consent ORDER BY id";
    let entries = fetch_all!(shop.db.read().await.unwrap(), (String, String), sql).await.unwrap();
    let entries: Vec<_> = entries.iter().map(|(act, source)| (act.as_str(), source.as_str())).collect();
    // The second time the shop asked, and nobody had asked it to.
    assert_eq!(entries, [("asked", "account"), ("confirmed", "mail"), ("asked_anew", "address_change"), ("confirmed", "mail")]);
});

on_both_databases!(the_code_to_the_old_mailbox_is_in_the_language_of_the_account_and_that_to_the_new_one_in_the_pages(shop) {
    let who = proved(&shop, customer(&shop, OLD).await).await;
    ask(&shop, &who, &wanted(NEW), Lang::En, &device()).await.unwrap();
    let code = code_to(&shop, NEW).await;
    assert!(mails_to(&shop, NEW).await.last().unwrap().text.contains("Please type this code"));
    types(&shop, &who, &code).await.unwrap();
    let mails = mails_to(&shop, OLD).await;
    let asked = mails.last().unwrap();
    assert!(asked.subject.contains("メールアドレス変更の確認コード") && asked.text.contains("お心当たりがない場合は"), "{}", asked.text);
    assert!(!asked.text.contains("/en/account/email/back/"), "nor does its link lead to a page in another language");
});
