mod authenticator;

use authenticator::Telephone;
use noren_domain::Lang;
use noren_domain::account::{AskedFor, LoginForm, Password};

use super::*;
use crate::account::testing::customer;
use crate::account::{DoorError, login, password};
use crate::session;
use crate::{Parts, execute, fetch_all, fetch_one, on_both_databases};

const SITE: &str = "https://shop.noren.example";

/// The same shop at an address that passkeys can be for.
fn at(shop: &Shop, url: &str) -> Shop {
    Shop::new(Parts {
        db: shop.db.clone(),
        keys: shop.keys.clone(),
        vault: shop.vault.clone(),
        clock: shop.clock.clone(),
        entropy: shop.entropy.clone(),
        data: shop.data.clone(),
        url: url.to_owned(),
        development: true,
    })
}

fn device() -> Device {
    Device::new("Firefox/1".to_owned(), Some("203.0.113.7".parse().unwrap()))
}

fn browser(shop: &Shop) -> Token {
    Token::random(&shop.entropy)
}

async fn signed_in(shop: &Shop, address: &str) -> Recent {
    let customer = customer(shop, address).await;
    let mut tx = shop.db.write().await.unwrap();
    let token = session::open(&mut tx, shop, customer, &device()).await.unwrap();
    tx.commit().await.unwrap();
    session::find(shop, &token).await.unwrap().unwrap().recent(shop.now()).unwrap()
}

/// What the customer was told happened, by name: all of it at the same moment.
async fn told(shop: &Shop, who: &Recent) -> Vec<String> {
    let sql = "SELECT kind FROM account_event WHERE customer_id = $1 ORDER BY kind";
    let rows = fetch_all!(shop.db.read().await.unwrap(), (String,), sql, who.customer().0).await.unwrap();
    rows.into_iter().map(|(kind,)| kind).collect()
}

fn name(raw: &str) -> PasskeyName {
    PasskeyName::parse(raw).unwrap()
}

async fn add(shop: &Shop, who: &Recent) -> Telephone {
    let (mut telephone, browser) = (Telephone::at(SITE), browser(shop));
    let ceremony = begin_add(shop, who, &browser).await.unwrap();
    let answer = telephone.create(&ceremony.options).await;
    finish_add(shop, who, &browser, ceremony.id, &answer, &name("電話"), &device()).await.unwrap();
    telephone
}

fn refusal<T>(result: Result<T, PasskeyError>) -> Fault {
    match result {
        Err(PasskeyError::Refused(fault)) => fault,
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("believed"),
    }
}

/// Why an answer was not believed; whoever sent it hears one word for all of it.
fn why<T>(result: Result<T, PasskeyError>) -> String {
    let Err(error) = result else { panic!("believed") };
    assert_eq!(error.fault(), Some(Fault::Passkey));
    match error {
        PasskeyError::Disbelieved(error) => format!("{error:?}"),
        other => format!("{other:?}"),
    }
}

/// Signs in from a browser of its own, with what `answer` makes of the challenge.
async fn comes_in(shop: &Shop, answer: impl AsyncFnOnce(&str) -> String) -> Result<Id<Customer>, PasskeyError> {
    let browser = browser(shop);
    let ceremony = begin_sign_in(shop, None, &browser, &device()).await.unwrap();
    let answer = answer(&ceremony.options).await;
    Ok(sign_in(shop, &browser, ceremony.id, &answer, &device(), None, None).await?.customer)
}

on_both_databases!(a_passkey_is_added_and_signs_its_owner_in_again_and_again(shop) {
    let shop = at(&shop, SITE);
    let hanako = signed_in(&shop, "hanako@example.jp").await;
    signed_in(&shop, "taro@example.jp").await;
    let mut telephone = add(&shop, &hanako).await;
    let before = list(&shop, hanako.who()).await.unwrap();
    assert_eq!((before.passkeys.len(), before.possible), (1, true));
    assert_eq!((before.passkeys[0].name.as_str(), before.passkeys[0].used), ("電話", None));
    assert!(before.passkeys[0].synced, "this kind of telephone keeps copies");
    shop.clock.advance(MINUTE);
    for _ in 0..2 {
        assert_eq!(comes_in(&shop, async |options| telephone.get(options).await).await.unwrap(), hanako.customer());
    }
    assert_eq!(list(&shop, hanako.who()).await.unwrap().passkeys[0].used, Some(shop.now()));
});

on_both_databases!(a_challenge_asks_for_a_key_that_knows_its_owner_and_asks_who_holds_it(shop) {
    let shop = at(&shop, SITE);
    let who = signed_in(&shop, "hanako@example.jp").await;
    let asked: serde_json::Value = serde_json::from_str(&begin_add(&shop, &who, &browser(&shop)).await.unwrap().options).unwrap();
    let asked = &asked["publicKey"];
    assert_eq!(asked["rp"]["id"], "shop.noren.example");
    assert_eq!(asked["user"]["name"], "hanako@example.jp");
    assert_eq!(asked["user"]["id"], URL_SAFE_NO_PAD.encode(who.customer().0));
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(asked["authenticatorSelection"]["requireResidentKey"], true);
    assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(asked["attestation"], "none");
    let asked = begin_sign_in(&shop, None, &browser(&shop), &device()).await.unwrap().options;
    let asked: serde_json::Value = serde_json::from_str(&asked).unwrap();
    assert_eq!(asked["publicKey"]["allowCredentials"], serde_json::json!([]), "nobody's keys are named");
    assert_eq!(asked["publicKey"]["userVerification"], "required");
});

on_both_databases!(a_device_that_has_a_passkey_is_not_asked_for_another(shop) {
    let shop = at(&shop, SITE);
    let who = signed_in(&shop, "hanako@example.jp").await;
    add(&shop, &who).await;
    let asked = begin_add(&shop, &who, &browser(&shop)).await.unwrap().options;
    let known = list(&shop, who.who()).await.unwrap().passkeys.remove(0).id;
    let asked: serde_json::Value = serde_json::from_str(&asked).unwrap();
    assert_eq!(asked["publicKey"]["excludeCredentials"][0]["id"], known);
});

on_both_databases!(an_answer_from_another_site_or_for_another_party_is_refused(shop) {
    let shop = at(&shop, SITE);
    let who = signed_in(&shop, "hanako@example.jp").await;
    let mut telephone = add(&shop, &who).await;
    telephone.go("https://evil.shop.noren.example");
    assert_eq!(why(comes_in(&shop, async |options| telephone.get(options).await).await), "InvalidRPOrigin");
    telephone.go(SITE);
    let elsewhere = comes_in(&shop, async |options| telephone.get_for("noren.example", options).await).await;
    assert_eq!(why(elsewhere), "InvalidRPIDHash");
    telephone.go("https://shop.noren.example:8443");
    assert_eq!(why(comes_in(&shop, async |options| telephone.get(options).await).await), "InvalidRPOrigin");
    telephone.go(SITE);
    comes_in(&shop, async |options| telephone.get(options).await).await.unwrap();

    let (mut false_one, browser) = (Telephone::at("https://evil.shop.noren.example"), browser(&shop));
    let ceremony = begin_add(&shop, &who, &browser).await.unwrap();
    let answer = false_one.create(&ceremony.options).await;
    assert_eq!(why(finish_add(&shop, &who, &browser, ceremony.id, &answer, &name("x"), &device()).await), "InvalidRPOrigin");
});

on_both_databases!(a_passkey_that_did_not_ask_who_holds_it_is_refused(shop) {
    let shop = at(&shop, SITE);
    let who = signed_in(&shop, "hanako@example.jp").await;
    let mut telephone = add(&shop, &who).await;
    let unasked = comes_in(&shop, async |options| telephone.get_unverified(options).await).await;
    assert_eq!(why(unasked), "UserNotVerified");

    let (mut other, browser) = (Telephone::at(SITE), browser(&shop));
    let ceremony = begin_add(&shop, &who, &browser).await.unwrap();
    let answer = other.create_unverified(&ceremony.options).await;
    assert_eq!(why(finish_add(&shop, &who, &browser, ceremony.id, &answer, &name("x"), &device()).await), "UserNotVerified");
});

on_both_databases!(a_challenge_is_answered_once_even_wrongly_and_within_five_minutes(shop) {
    let shop = at(&shop, SITE);
    let who = signed_in(&shop, "hanako@example.jp").await;
    let (mut telephone, browser) = (add(&shop, &who).await, browser(&shop));
    let begin = || async { begin_sign_in(&shop, None, &browser, &device()).await.unwrap() };
    let finish = |id, answer: String| {
        let (shop, browser) = (&shop, &browser);
        async move { sign_in(shop, browser, id, &answer, &device(), None, None).await }
    };

    let once = begin().await;
    let answer = telephone.get(&once.options).await;
    finish(once.id, answer.clone()).await.unwrap();
    assert_eq!(why(finish(once.id, answer.clone()).await), "Stale");
    let next = begin().await;
    assert_eq!(why(finish(next.id, answer).await), "MismatchedChallenge", "the answer to another challenge");
    let answer = telephone.get(&next.options).await;
    assert_eq!(why(finish(next.id, answer).await), "Stale", "it was answered wrongly before");

    let late = begin().await;
    let answer = telephone.get(&late.options).await;
    shop.clock.advance(CEREMONY_LIFE);
    assert_eq!(why(finish(late.id, answer).await), "Stale");
    crate::account::sweep(&shop).await.unwrap();
    let mut conn = shop.db.read().await.unwrap();
    assert_eq!(fetch_one!(conn, (i64,), "SELECT COUNT(*) FROM passkey_ceremony").await.unwrap().0, 0);
});

on_both_databases!(a_challenge_is_answered_by_the_browser_the_customer_and_the_act_it_was_made_for(shop) {
    let shop = at(&shop, SITE);
    let (hanako, taro) = (signed_in(&shop, "hanako@example.jp").await, signed_in(&shop, "taro@example.jp").await);
    let mut telephone = add(&shop, &hanako).await;
    let (mine, stranger) = (browser(&shop), browser(&shop));

    let ceremony = begin_sign_in(&shop, None, &mine, &device()).await.unwrap();
    let answer = telephone.get(&ceremony.options).await;
    assert_eq!(why(sign_in(&shop, &stranger, ceremony.id, &answer, &device(), None, None).await), "Stale");
    // Nor is it used up by that.
    sign_in(&shop, &mine, ceremony.id, &answer, &device(), None, None).await.unwrap();

    let ceremony = begin_add(&shop, &hanako, &mine).await.unwrap();
    let made = Telephone::at(SITE).create(&ceremony.options).await;
    assert_eq!(why(finish_add(&shop, &taro, &mine, ceremony.id, &made, &name("x"), &device()).await), "Stale");
    let answer = telephone.get(&begin_sign_in(&shop, None, &mine, &device()).await.unwrap().options).await;
    assert_eq!(why(sign_in(&shop, &mine, ceremony.id, &answer, &device(), None, None).await), "Stale");
    finish_add(&shop, &hanako, &mine, ceremony.id, &made, &name("x"), &device()).await.unwrap();
});

on_both_databases!(a_passkey_in_place_of_the_code_from_the_mail_leaves_nothing_that_asks_for_attention(shop) {
    let shop = at(&shop, SITE);
    let hanako = signed_in(&shop, "hanako@example.jp").await;
    let taro = signed_in(&shop, "taro@example.jp").await;
    let (mut telephone, browser) = (add(&shop, &hanako).await, browser(&shop));
    let begun = async |customer: Id<Customer>| {
        let mut tx = shop.db.write().await.unwrap();
        let sign_in = record(&mut tx, &shop, customer, SignInOutcome::Asked, &device()).await.unwrap();
        let (asks, lang) = (AskedFor::Mail, Lang::Ja);
        let pending = challenge::second_step(&mut tx, &shop, sign_in, asks, customer, lang, &device()).await.unwrap();
        tx.commit().await.unwrap();
        (sign_in, pending)
    };
    let outcome = async |sign_in: Uuid| {
        let sql = "SELECT outcome || ' ' || COALESCE(way, '') FROM sign_in WHERE id = $1";
        fetch_one!(shop.db.read().await.unwrap(), (String,), sql, sign_in).await.unwrap().0
    };
    let ((hers, pending), (his, others)) = (begun(hanako.customer()).await, begun(taro.customer()).await);
    for pending in [&others, &pending] {
        let ceremony = begin_sign_in(&shop, None, &browser, &device()).await.unwrap();
        let answer = telephone.get(&ceremony.options).await;
        sign_in(&shop, &browser, ceremony.id, &answer, &device(), None, Some(pending)).await.unwrap();
    }
    assert_eq!((outcome(hers).await.as_str(), outcome(his).await.as_str()), ("ok passkey", "asked "));
    assert_eq!(challenge::waiting(&shop, &pending, challenge::Kind::SignIn).await.unwrap(), None, "its code opens nothing");
});

on_both_databases!(whoever_proves_it_once_more_must_be_the_one_who_is_asked(shop) {
    let shop = at(&shop, SITE);
    let (hanako, taro) = (signed_in(&shop, "hanako@example.jp").await, signed_in(&shop, "taro@example.jp").await);
    let (mut hers, mut his, browser) = (add(&shop, &hanako).await, add(&shop, &taro).await, browser(&shop));
    let begin = || async { begin_sign_in(&shop, Some(hanako.customer()), &browser, &device()).await.unwrap() };
    shop.clock.advance(session::RECENT + MINUTE);

    let ceremony = begin().await;
    let answer = his.get(&ceremony.options).await;
    assert_eq!(why(prove(&shop, hanako.who(), &browser, ceremony.id, &answer, &device()).await), "Unknown");
    let ceremony = begin().await;
    let answer = hers.get(&ceremony.options).await;
    assert_eq!(why(sign_in(&shop, &browser, ceremony.id, &answer, &device(), None, None).await), "Stale");
    let token = prove(&shop, hanako.who(), &browser, ceremony.id, &answer, &device()).await.unwrap();
    let proved = session::find(&shop, &token).await.unwrap().unwrap();
    assert_eq!((proved.session, proved.proved_at), (hanako.session(), shop.now()));

    crate::account::end_one(&shop, &proved.clone().recent(shop.now()).unwrap(), proved.session, &device()).await.unwrap();
    let ceremony = begin().await;
    let answer = hers.get(&ceremony.options).await;
    let late = prove(&shop, &proved, &browser, ceremony.id, &answer, &device()).await;
    assert_eq!(refusal(late), Fault::SessionEnded);
});

on_both_databases!(who_gets_in_by_a_passkey_hears_of_a_new_device_and_a_change_of_passkeys_signs_the_others_out(shop) {
    let shop = at(&shop, SITE);
    let hanako = signed_in(&shop, "hanako@example.jp").await;
    let mut telephone = add(&shop, &hanako).await;
    let browser = browser(&shop);
    let ceremony = begin_sign_in(&shop, None, &browser, &device()).await.unwrap();
    let answer = telephone.get(&ceremony.options).await;
    let entered = sign_in(&shop, &browser, ceremony.id, &answer, &device(), None, None).await.unwrap();
    let other = session::find(&shop, &entered.token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    let mails = fetch_all!(shop.db.read().await.unwrap(), (String,), "SELECT payload FROM outbox ORDER BY id").await.unwrap();
    assert!(mails.iter().any(|(mail,)| mail.contains("new_device")));

    let id = list(&shop, other.who()).await.unwrap().passkeys.remove(0).id;
    remove(&shop, &other, &id, &device()).await.unwrap();
    assert!(session::find(&shop, &entered.token).await.unwrap().is_some());
    assert_eq!(session::list(&shop, other.who()).await.unwrap().len(), 1);
    assert_eq!(told(&shop, &hanako).await, ["passkey_added", "passkey_removed"]);
});

on_both_databases!(an_unknown_passkey_and_one_that_says_it_is_anothers_get_the_same_answer(shop) {
    let shop = at(&shop, SITE);
    let (hanako, taro) = (signed_in(&shop, "hanako@example.jp").await, signed_in(&shop, "taro@example.jp").await);
    let mut telephone = add(&shop, &hanako).await;
    let mut false_one = telephone.copy();
    false_one.set_owner(taro.customer().0);
    assert_eq!(why(comes_in(&shop, async |options| false_one.get(options).await).await), "Unknown");
    let id = list(&shop, hanako.who()).await.unwrap().passkeys.remove(0).id;
    remove(&shop, &hanako, &id, &device()).await.unwrap();
    assert_eq!(why(comes_in(&shop, async |options| telephone.get(options).await).await), "Unknown");
    for garbled in ["", "{}", "null", "{\"id\":\"x\"}"] {
        assert_eq!(refusal(comes_in(&shop, async |_| garbled.to_owned()).await), Fault::Unreadable);
    }
});

on_both_databases!(a_passkey_whose_counter_goes_back_is_refused(shop) {
    let shop = at(&shop, SITE);
    let who = signed_in(&shop, "hanako@example.jp").await;
    let mut telephone = add(&shop, &who).await;
    let mut copy = telephone.copy();
    telephone.set_counter(7);
    comes_in(&shop, async |options| telephone.get(options).await).await.unwrap();
    assert_eq!(why(comes_in(&shop, async |options| copy.get(options).await).await), "CredentialPossibleCompromise");
    assert_eq!(told(&shop, &who).await, ["passkey_added", "passkey_doubted"]);
    comes_in(&shop, async |options| telephone.get(options).await).await.unwrap();
});

on_both_databases!(a_customer_has_at_most_ten_passkeys_and_each_belongs_to_one_of_them(shop) {
    let shop = at(&shop, SITE);
    let (hanako, taro) = (signed_in(&shop, "hanako@example.jp").await, signed_in(&shop, "taro@example.jp").await);
    let browser = browser(&shop);
    // One more was begun while there was still room.
    let late = begin_add(&shop, &hanako, &browser).await.unwrap();
    for _ in 0..MAX_PASSKEYS {
        add(&shop, &hanako).await;
    }
    let made = Telephone::at(SITE).create(&late.options).await;
    let full = Fault::PasskeysFull { max: 10 };
    assert_eq!(refusal(finish_add(&shop, &hanako, &browser, late.id, &made, &name("x"), &device()).await), full);
    assert_eq!(refusal(begin_add(&shop, &hanako, &browser).await), full);
    assert!(!list(&shop, hanako.who()).await.unwrap().has_room());

    let id = list(&shop, hanako.who()).await.unwrap().passkeys.remove(0).id;
    assert_eq!(refusal(rename(&shop, taro.who(), &id, &name("mine")).await), Fault::NotFound);
    assert_eq!(refusal(remove(&shop, &taro, &id, &device()).await), Fault::NotFound);
    assert_eq!(refusal(remove(&shop, &hanako, "%%%", &device()).await), Fault::NotFound);
    rename(&shop, hanako.who(), &id, &name("古い電話")).await.unwrap();
    assert_eq!(list(&shop, hanako.who()).await.unwrap().passkeys[0].name, "古い電話");
    remove(&shop, &hanako, &id, &device()).await.unwrap();
    assert_eq!(list(&shop, hanako.who()).await.unwrap().passkeys.len(), 9);
    assert_eq!(refusal(remove(&shop, &hanako, &id, &device()).await), Fault::NotFound);
});

on_both_databases!(an_account_that_has_changed_too_much_within_the_hour_gets_no_further_passkey(shop) {
    let shop = at(&shop, SITE);
    let who = signed_in(&shop, "hanako@example.jp").await;
    add(&shop, &who).await;
    while crate::account::recovery::renew(&shop, &who, &device()).await.is_ok() {}
    let (mut telephone, browser) = (Telephone::at(SITE), browser(&shop));
    let ceremony = begin_add(&shop, &who, &browser).await.unwrap();
    let answer = telephone.create(&ceremony.options).await;
    let added = finish_add(&shop, &who, &browser, ceremony.id, &answer, &name("電話"), &device()).await;
    assert!(matches!(refusal(added), Fault::TooMany { .. }));
    let mut held = list(&shop, who.who()).await.unwrap().passkeys;
    assert_eq!(held.len(), 1);
    let id = held.remove(0).id;
    assert!(remove(&shop, &who, &id, &device()).await.is_ok(), "nobody is kept from taking a thief's away");
});

on_both_databases!(one_network_gets_only_so_many_challenges(shop) {
    let shop = at(&shop, SITE);
    let mut tx = shop.db.write().await.unwrap();
    for _ in 0..600 {
        limits::take(&mut tx, &shop, limits::PASSKEY_NETWORK, device().network.as_bytes()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let one_more = begin_sign_in(&shop, None, &browser(&shop), &device()).await;
    assert!(matches!(refusal(one_more), Fault::TooMany { .. }));
});

on_both_databases!(an_address_in_numbers_has_no_passkeys_and_says_why(shop) {
    let who = signed_in(&shop, "hanako@example.jp").await;
    for (url, can) in [
        ("http://127.0.0.1:3000", false),
        ("http://[::1]:3000", false),
        ("http://localhost:3000", true),
        ("https://shop.noren.example:8443/shop", true),
    ] {
        let shop = at(&shop, url);
        assert_eq!(possible(&shop), can, "{url}");
        assert_eq!(list(&shop, who.who()).await.unwrap().possible, can, "{url}");
        let begun = begin_add(&shop, &who, &browser(&shop)).await;
        assert_eq!(matches!(begun, Err(PasskeyError::Nameless)), !can, "{url}");
    }
});

on_both_databases!(a_session_that_was_ended_meanwhile_adds_and_removes_no_passkey(shop) {
    let shop = at(&shop, SITE);
    let thief = signed_in(&shop, "hanako@example.jp").await;
    let owner = crate::account::testing::proved(&shop, thief.customer()).await;
    let (mut telephone, browser) = (Telephone::at(SITE), browser(&shop));
    let ceremony = begin_add(&shop, &thief, &browser).await.unwrap();
    let answer = telephone.create(&ceremony.options).await;
    assert!(crate::account::end_one(&shop, &owner, thief.session(), &device()).await.unwrap());
    let added = finish_add(&shop, &thief, &browser, ceremony.id, &answer, &name("電話"), &device()).await;
    assert_eq!(refusal(added), Fault::SessionEnded);
    add(&shop, &owner).await;
    let id = list(&shop, owner.who()).await.unwrap().passkeys[0].id.clone();
    assert_eq!(refusal(remove(&shop, &thief, &id, &device()).await), Fault::SessionEnded);
    assert_eq!(list(&shop, owner.who()).await.unwrap().passkeys.len(), 1);
});

on_both_databases!(a_passkey_says_nothing_of_the_app_and_changes_no_address_alone(shop) {
    let shop = at(&shop, SITE);
    let hanako = signed_in(&shop, "hanako@example.jp").await;
    let (mut telephone, browser) = (add(&shop, &hanako).await, browser(&shop));
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO totp (customer_id, secret, created_at, confirmed_at, last_step) VALUES ($1, $2, 0, 0, 0)";
    execute!(tx, sql, hanako.customer().0, vec![1u8; 20]).await.unwrap();
    tx.commit().await.unwrap();
    let form = noren_domain::account::EmailForm { email: "hanako.new@example.com".into(), ..Default::default() };
    let wanted = form.parse().unwrap();
    let way = async |who: &Recent| {
        email_change::ask(&shop, who, &wanted, Lang::Ja, &device()).await.unwrap();
        fetch_one!(shop.db.read().await.unwrap(), (String,), "SELECT way FROM email_change").await.unwrap().0
    };

    let ceremony = begin_sign_in(&shop, None, &browser, &device()).await.unwrap();
    let answer = telephone.get(&ceremony.options).await;
    let entered = sign_in(&shop, &browser, ceremony.id, &answer, &device(), None, None).await.unwrap();
    let inside = session::find(&shop, &entered.token).await.unwrap().unwrap();
    assert_eq!(way(&inside.clone().recent(shop.now()).unwrap()).await, "both", "at the sign-in");

    shop.clock.advance(session::RECENT + MINUTE);
    let ceremony = begin_sign_in(&shop, Some(hanako.customer()), &browser, &device()).await.unwrap();
    let answer = telephone.get(&ceremony.options).await;
    let token = prove(&shop, &inside, &browser, ceremony.id, &answer, &device()).await.unwrap();
    let proved = session::find(&shop, &token).await.unwrap().unwrap().recent(shop.now()).unwrap();
    assert_eq!(way(&proved).await, "both", "as a proof");
});

on_both_databases!(a_passkey_that_is_removed_leaves_no_other_browser_that_the_password_alone_opens(shop) {
    let shop = at(&shop, SITE);
    let hanako = signed_in(&shop, "hanako@example.jp").await;
    let (mut telephone, browser) = (add(&shop, &hanako).await, browser(&shop));
    // Whoever has the passkey comes in by it, and from then on the owner is known there.
    let ceremony = begin_sign_in(&shop, None, &browser, &device()).await.unwrap();
    let answer = telephone.get(&ceremony.options).await;
    let thief = sign_in(&shop, &browser, ceremony.id, &answer, &device(), None, None).await.unwrap().device;
    let mut tx = shop.db.write().await.unwrap();
    let own = devices::know(&mut tx, &shop, hanako.customer(), &device()).await.unwrap();
    tx.commit().await.unwrap();

    let id = list(&shop, hanako.who()).await.unwrap().passkeys.remove(0).id;
    remove(&shop, &hanako, &id, &device().holding(Some(own.clone()))).await.unwrap();
    let mut conn = shop.db.read().await.unwrap();
    for (held, known) in [(thief, false), (own, true)] {
        let device = device().holding(Some(held));
        assert_eq!(devices::is_known(&mut conn, &shop, hanako.customer(), &device).await.unwrap(), known);
    }
});

on_both_databases!(where_the_password_is_tried_no_more_a_passkey_still_opens_the_door(shop) {
    const RIGHT: &str = "wardrobe velvet onion";
    let shop = at(&shop, SITE);
    let hanako = signed_in(&shop, "hanako@example.jp").await;
    let mut telephone = add(&shop, &hanako).await;
    let hash = password::hash(&shop, &shop.hash_room().enter().unwrap(), &Password::typed(RIGHT).unwrap()).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    let sql = "UPDATE customer SET password_hash = $2 WHERE id = $1";
    execute!(tx, sql, hanako.customer().0, hash.as_str()).await.unwrap();
    tx.commit().await.unwrap();
    let tried = async |password: &str| {
        let form = LoginForm { email: "hanako@example.jp".into(), password: password.into(), next: String::new() };
        match login(&shop, &form.parse().unwrap(), Lang::Ja, &device(), None).await {
            Err(DoorError::Refused(fault)) => fault,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(tried("not the password").await, Fault::Credentials);
    while tried("not the password").await == Fault::Credentials {}
    assert!(matches!(tried(RIGHT).await, Fault::TooMany { .. }));
    assert_eq!(comes_in(&shop, async |options| telephone.get(options).await).await.unwrap(), hanako.customer());
    assert!(matches!(tried(RIGHT).await, Fault::TooMany { .. }), "whoever guessed has no more tries by it");
});
