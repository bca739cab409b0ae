use noren_domain::address::AddressForm;
use noren_domain::tax::TaxClass;
use serde_json::Value;

use super::*;
use crate::account::testing::{customer, ordered, proved};
use crate::testing::goods;
use crate::{account, fetch_one, on_both_databases};

fn device() -> Device {
    Device::new("Firefox/1".to_owned(), None)
}

fn token(link: &ExportLink) -> Token {
    Token::parse(&link.token).unwrap()
}

on_both_databases!(a_copy_holds_all_that_is_held_and_no_secret_and_its_signature_fits(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (_, no) = ordered(&shop, hers, "cash").await;
    let who = proved(&shop, hers).await;
    crate::newsletter::ask(&shop, hers, Lang::Ja).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    let sql = "INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network, way) VALUES ($1, $2, $3, 'ok', 'Firefox/1', '192.0.2.0/24', 'passkey')";
    execute!(tx, sql, shop.entropy.uuid(0), hers.0, shop.now()).await.unwrap();
    tx.commit().await.unwrap();
    let address = AddressForm {
        name: "暖簾 太郎".into(),
        postal_code: "100-0005".into(),
        prefecture: "13".into(),
        city: "千代田区丸の内".into(),
        street: "1-1-1".into(),
        phone: "03-1234-5678".into(),
        ..AddressForm::default()
    };
    account::addresses::add(&shop, hers, &address).await.unwrap();
    let link = ask(&shop, &who, &device()).await.unwrap();
    let file = file(&shop, &who, &token(&link)).await.unwrap().unwrap();
    let whole: Value = serde_json::from_str(&file).unwrap();
    let key = key_of(&shop.keys).unwrap();
    let data = verify(&file, &key).unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(whole["data"], data);
    assert_eq!(data["account"]["email"], "hanako@example.jp");
    let order = &data["orders"][0];
    assert_eq!((order["no"].as_str(), order["address"]["name"].as_str()), (Some(no.as_str()), Some("暖簾 花子")));
    assert_eq!((order["address"]["kana"].as_str(), order["lines"][0]["sku"].as_str()), (Some("ノレン ハナコ"), Some("CUP")));
    for list in ["sessions", "sign_ins", "events", "mails", "exports", "reads", "read_proofs"] {
        assert!(!data[list].as_array().unwrap().is_empty(), "{list}");
    }
    assert_eq!(data["newsletter"]["consents"][0]["act"], "asked");
    assert_eq!(data["sign_ins"][0]["way"], "passkey");
    assert_eq!(data["addresses"][0]["address"]["name"], "暖簾 太郎");
    let (hash,) = fetch_one!(shop.db.read().await.unwrap(), (String,), "SELECT password_hash FROM customer").await.unwrap();
    assert!(!file.contains(&format!("\"{hash}\"")) && !file.contains(&link.token) && !file.contains("token"));
    // The opening of this very copy is the person's own reading, under its own purpose.
    let own = |read: &&Value| read["purpose"] == "export" && read["actor"] == "customer" && read["outcome"] == "granted";
    assert_eq!(data["reads"].as_array().unwrap().iter().filter(own).count(), 3, "account, order and address book");
    let view = view(&shop, &who, &token(&link), Lang::En).await.unwrap().unwrap();
    let text = format!("{:?}", view.sections.iter().map(|section| section.entries.clone()).collect::<Vec<_>>());
    assert!(text.contains("暖簾 太郎") && text.contains("Tokyo"), "the saved address, in words");
    assert!(text.contains("暖簾 花子") && text.contains(&no) && text.contains("hanako@example.jp"));
    assert!(text.contains(r#"("By", "passkey")"#), "by what they came in: {text}");
});

on_both_databases!(who_came_by_the_link_of_an_order_stands_among_the_readers_as_who_they_are(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    let (hers, his) = (customer(&shop, "hanako@example.jp").await, customer(&shop, "taro@example.jp").await);
    let (order, _) = ordered(&shop, hers, "cash").await;
    let link = crate::order::token_of(&shop, Id::new(order));
    for (customer, own) in [(Some(hers), true), (Some(his), false), (None, false)] {
        let seen = crate::order::view(&shop, &link, customer).await.unwrap().unwrap();
        assert_eq!((seen.own, seen.order.address.name.as_str()), (own, "暖簾 花子"));
    }
    let who = proved(&shop, hers).await;
    let copy = ask(&shop, &who, &device()).await.unwrap();
    let file = file(&shop, &who, &token(&copy)).await.unwrap().unwrap();
    let data: Value = serde_json::from_str(&file).unwrap();
    let reads = data["data"]["reads"].as_array().unwrap().iter().filter(|read| read["purpose"] == "order-view");
    assert_eq!(reads.map(|read| read["actor"].as_str().unwrap()).collect::<Vec<_>>(), ["customer", "guest", "guest"]);
});

on_both_databases!(a_copy_that_was_changed_by_one_byte_is_not_genuine_nor_is_another_shops(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let who = proved(&shop, hers).await;
    let link = ask(&shop, &who, &device()).await.unwrap();
    let file = file(&shop, &who, &token(&link)).await.unwrap().unwrap();
    let key = key_of(&shop.keys).unwrap();
    assert_eq!(PublicKey::from_pem(&key.pem()), Some(key.clone()));
    assert_eq!(verify(&file.replace("hanako", "hanaka"), &key), Err(NotGenuine::Signature));
    assert_eq!(verify(&file.replace("\n}\n", "}"), &key), Err(NotGenuine::Form));
    assert_eq!(verify("{}", &key), Err(NotGenuine::Form));
    let other = key_of(&crate::keys::Keys::new([7; 32], shop.entropy.clone())).unwrap();
    assert_eq!(verify(&file, &other), Err(NotGenuine::Signature));
    // As the documentation has it for other tools: the third line to the last but one.
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[2..lines.len() - 1].join("\n"), verify(&file, &key).unwrap());
});

on_both_databases!(a_copy_opens_for_a_day_and_to_its_owner_alone(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let his = customer(&shop, "taro@example.jp").await;
    let who = proved(&shop, hers).await;
    let link = ask(&shop, &who, &device()).await.unwrap();
    let somebody = proved(&shop, his).await;
    assert!(view(&shop, &somebody, &token(&link), Lang::Ja).await.unwrap().is_none(), "not even with the link");
    assert!(file(&shop, &who, &Token::random(&shop.entropy)).await.unwrap().is_none());
    let data = account::data::holdings(&shop, who.who(), Lang::Ja).await.unwrap().unwrap();
    assert_eq!(data.export, Some(link.clone()));
    shop.clock.advance(LIFE - 1);
    let later = proved(&shop, hers).await;
    assert!(file(&shop, &later, &token(&link)).await.unwrap().is_some());
    shop.clock.advance(1);
    assert!(file(&shop, &later, &token(&link)).await.unwrap().is_none());
    let data = account::data::holdings(&shop, who.who(), Lang::Ja).await.unwrap().unwrap();
    assert_eq!(data.export, None);
    shop.clock.advance(1);
    account::sweep(&shop).await.unwrap();
    let sql = "SELECT COUNT(*) FROM data_export";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 0);
});

on_both_databases!(who_asks_for_a_copy_is_told_by_mail_and_five_a_day_are_enough(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let who = proved(&shop, hers).await;
    for _ in 0..5 {
        ask(&shop, &who, &device()).await.unwrap();
    }
    assert!(matches!(ask(&shop, &who, &device()).await, Err(ExportError::Refused(Fault::TooMany { .. }))));
    let sql = "SELECT COUNT(*) FROM account_event WHERE kind = 'export_asked'";
    assert_eq!(fetch_one!(shop.db.read().await.unwrap(), (i64,), sql).await.unwrap().0, 5);
});

on_both_databases!(what_is_held_is_counted_and_what_is_not_is_not_named(shop) {
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let who = proved(&shop, hers).await;
    let words = async || {
        let data = account::data::holdings(&shop, who.who(), Lang::En).await.unwrap().unwrap();
        data.holdings.into_iter().map(|holding| format!("{} | {}", holding.what, holding.with)).collect::<Vec<_>>().join("\n")
    };
    let before = words().await;
    assert!(!before.contains("order") && !before.contains("Cart") && before.contains("1 device, "), "{before}");
    let (_, no) = ordered(&shop, hers, "cash").await;
    crate::order::sent(&shop, &no).await.unwrap();
    let after = words().await;
    assert!(after.contains("1 order: ") && after.contains("Sent, 1 order: "), "{after}");
});

on_both_databases!(a_copy_says_what_is_under_way_about_the_account(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let who = proved(&shop, hers).await;
    account::claim::ask(&shop, who.who(), Lang::Ja, &device()).await.unwrap();
    let mut tx = shop.db.write().await.unwrap();
    execute!(tx, "UPDATE customer SET email_verified_at = 5 WHERE id = $1", hers.0).await.unwrap();
    execute!(tx, "INSERT INTO factor_removal (customer_id, asked_at, due_at) VALUES ($1, 6, 7)", hers.0).await.unwrap();
    execute!(tx, "INSERT INTO dormancy (customer_id, told_at, reduced_at) VALUES ($1, 8, 9)", hers.0).await.unwrap();
    tx.commit().await.unwrap();
    let link = ask(&shop, &who, &device()).await.unwrap();
    let file = file(&shop, &who, &token(&link)).await.unwrap().unwrap();
    let data: Value = serde_json::from_str(&file).unwrap();
    let data = &data["data"];
    assert_eq!(data["account"]["email_verified_at"], 5);
    assert_eq!(data["waiting"]["challenges"][0]["kind"], "claim");
    assert_eq!((&data["waiting"]["factor_removal"]["due_at"], &data["waiting"]["dormancy"]["reduced_at"]), (&7.into(), &9.into()));
    let view = view(&shop, &who, &token(&link), Lang::En).await.unwrap().unwrap();
    assert_eq!(view.sections.iter().filter(|section| section.title == "Under way").map(|section| section.entries.len()).sum::<usize>(), 3);
});

on_both_databases!(a_copy_holds_every_sign_in_the_newest_tries_and_the_number_of_the_older_ones(shop) {
    const OLDER: usize = 3;
    let hers = customer(&shop, "hanako@example.jp").await;
    let who = proved(&shop, hers).await;
    let mut tx = shop.db.write().await.unwrap();
    // The one that got in is older than all the tries after it, and somebody had the password before them as well.
    let wrong = (0..sign_ins::TRIES + OLDER).map(|n| (10 + n, "wrong_password"));
    for (at, outcome) in [(1, "ok"), (2, "asked")].into_iter().chain(wrong) {
        let sql = "INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network) VALUES ($1, $2, $3, $4, 'x', '')";
        execute!(tx, sql, shop.entropy.uuid(0), hers.0, i64::try_from(at).unwrap(), outcome).await.unwrap();
    }
    tx.commit().await.unwrap();
    let link = ask(&shop, &who, &device()).await.unwrap();
    let file = file(&shop, &who, &token(&link)).await.unwrap().unwrap();
    let data: Value = serde_json::from_str(&file).unwrap();
    let data = &data["data"];
    assert_eq!(data["sign_ins_older"], OLDER);
    let held = data["sign_ins"].as_array().unwrap();
    assert_eq!(held.len(), sign_ins::TRIES + 2);
    assert_eq!(held[sign_ins::TRIES - 1]["at"], 10 + OLDER, "the newest tries");
    for (n, what) in [(0, "asked"), (1, "ok")] {
        assert_eq!(held[sign_ins::TRIES + n]["outcome"], what, "no number of tries pushes it out");
    }
    let view = view(&shop, &who, &token(&link), Lang::En).await.unwrap().unwrap();
    let section = view.sections.into_iter().find(|section| section.title == "Sign-ins").unwrap();
    assert!(section.note.ends_with("older ones besides: 3."), "{}", section.note);
});

on_both_databases!(whoever_has_more_than_a_thousand_orders_gets_a_copy_of_them_all(shop) {
    const MANY: usize = 1_100;
    goods::put(&shop, "CUP", TaxClass::Standard, 1_200, 300, 5).await;
    let hers = customer(&shop, "hanako@example.jp").await;
    let (order, _) = ordered(&shop, hers, "cash").await;
    let who = proved(&shop, hers).await;
    let mut tx = shop.db.write().await.unwrap();
    for no in 1..MANY {
        let sql = "INSERT INTO orders (id, no, token_hash, cart_id, customer_id, subject_id, lang, state, payment_state, shipment_state, payment_method, delivery_method, gift_wrap, \
                     email, name, postal_code, city, street, phone, prefecture, goods, shipping, payment_fee, total, standard_gross, standard_tax, reduced_gross, reduced_tax, \
                     shown, shown_hash, created_at, placed_at) \
                   SELECT $1, $2, $3, cart_id, customer_id, subject_id, lang, state, payment_state, shipment_state, payment_method, delivery_method, gift_wrap, \
                     email, name, postal_code, city, street, phone, prefecture, goods, shipping, payment_fee, total, standard_gross, standard_tax, reduced_gross, reduced_tax, \
                     shown, shown_hash, created_at, placed_at FROM orders WHERE id = $4";
        execute!(tx, sql, shop.entropy.uuid(0), format!("N-{no}"), shop.entropy.bytes::<32>().to_vec(), order).await.unwrap();
    }
    tx.commit().await.unwrap();
    let link = ask(&shop, &who, &device()).await.unwrap();
    let file = file(&shop, &who, &token(&link)).await.unwrap().unwrap();
    let data: Value = serde_json::from_str(&file).unwrap();
    let named = data["data"]["orders"].as_array().unwrap().iter().filter(|order| order["address"]["name"] == "暖簾 花子");
    assert_eq!(named.count(), MANY);
});

on_both_databases!(whoever_wants_to_change_to_an_address_does_not_learn_from_who_read_their_data_whether_it_has_an_account(shop) {
    customer(&shop, "known@example.jp").await;
    let mut seen = Vec::new();
    for (asker, wanted) in [("one@example.jp", "known@example.jp"), ("two@example.jp", "nobody@example.jp")] {
        let asker = customer(&shop, asker).await;
        let who = proved(&shop, asker).await;
        let form = noren_domain::account::EmailForm { email: wanted.into(), ..Default::default() };
        account::email_change::ask(&shop, &who, &form.parse().unwrap(), Lang::Ja, &device()).await.unwrap();
        outbox::run_due(&shop).await.unwrap();
        let link = ask(&shop, &who, &device()).await.unwrap();
        let file = file(&shop, &who, &token(&link)).await.unwrap().unwrap();
        let whole: Value = serde_json::from_str(&file).unwrap();
        let read = |read: &Value| format!("{} {} {} {}", read["actor"], read["act"], read["purpose"], read["outcome"]);
        seen.push(whole["data"]["reads"].as_array().unwrap().iter().map(read).collect::<Vec<_>>());
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].iter().filter(|read| read.contains("mail")).count(), 2, "the old mailbox and the wanted one: {seen:?}");
});

on_both_databases!(a_copy_says_of_each_step_of_a_notice_when_it_was_ticked_off(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    crate::notice::demo(&shop).await.unwrap();
    let no = crate::notice::mine(&shop, hers).await.unwrap().remove(0).public.no;
    assert!(crate::notice::tick(&shop, hers, &no, 1).await.unwrap());
    let at = shop.now();
    let who = proved(&shop, hers).await;
    let link = ask(&shop, &who, &device()).await.unwrap();
    let file = file(&shop, &who, &token(&link)).await.unwrap().unwrap();
    let data: Value = serde_json::from_str(&file).unwrap();
    let steps = &data["data"]["notices"][0]["steps"];
    assert_eq!((&steps[0]["done_at"], &steps[1]["done_at"]), (&Value::Null, &at.into()));
    let step = steps[1]["text_en"].as_str().unwrap();
    let view = view(&shop, &who, &token(&link), Lang::En).await.unwrap().unwrap();
    let ticked: Vec<_> = view.sections.into_iter().flat_map(|section| section.entries).flatten().filter(|(name, _)| name == "Marked as done").collect();
    assert!(ticked.len() == 1 && ticked[0].1.starts_with(step), "{ticked:?}");
});

on_both_databases!(a_copy_and_the_page_of_what_is_held_say_of_a_change_of_the_address_that_it_was_taken_back(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let who = proved(&shop, hers).await;
    let form = noren_domain::account::EmailForm { email: "new@example.com".into(), ..Default::default() };
    account::email_change::ask(&shop, &who, &form.parse().unwrap(), Lang::Ja, &device()).await.unwrap();
    let taken_back_at = shop.now();
    let copied = async || {
        let link = ask(&shop, &who, &device()).await.unwrap();
        let view = view(&shop, &who, &token(&link), Lang::Ja).await.unwrap().unwrap();
        view.sections.into_iter().find(|section| section.title == "メールアドレスの変更").unwrap().entries.remove(0)
    };
    let held = async || {
        let data = account::data::holdings(&shop, who.who(), Lang::Ja).await.unwrap().unwrap();
        data.holdings.into_iter().any(|holding| holding.what.contains("取り消された変更のもの1件"))
    };
    assert!(copied().await.iter().all(|(name, _)| name != "取り消し") && !held().await);
    let mut tx = shop.db.write().await.unwrap();
    let sql = "UPDATE email_change SET state = 'reverted', changed_at = $1, due_at = $2";
    execute!(tx, sql, taken_back_at, taken_back_at + account::email_change::BACK_LIFE).await.unwrap();
    tx.commit().await.unwrap();
    let said = ("取り消し".to_owned(), noren_domain::moment::date_time(taken_back_at, Lang::Ja));
    assert!(copied().await.contains(&said) && held().await);
});

on_both_databases!(a_copy_to_read_writes_language_postal_code_and_address_as_its_language_does(shop) {
    let hers = customer(&shop, "hanako@example.jp").await;
    let who = proved(&shop, hers).await;
    let address = AddressForm {
        name: "暖簾 太郎".into(),
        postal_code: "6008001".into(),
        prefecture: "26".into(),
        city: "京都市下京区".into(),
        street: "四条通1-1".into(),
        phone: "075-123-4567".into(),
        ..AddressForm::default()
    };
    account::addresses::add(&shop, hers, &address).await.unwrap();
    let link = ask(&shop, &who, &device()).await.unwrap();
    for (lang, written) in [
        (Lang::Ja, [("言語", "日本語"), ("郵便番号", "〒600-8001"), ("ご住所", "京都府京都市下京区四条通1-1")]),
        (Lang::En, [("Language", "Japanese"), ("Postal code", "600-8001"), ("Address", "Kyoto 京都市下京区 四条通1-1")]),
    ] {
        let view = view(&shop, &who, &token(&link), lang).await.unwrap().unwrap();
        let all: Vec<_> = view.sections.into_iter().flat_map(|section| section.entries).flatten().collect();
        for (name, value) in written {
            assert!(all.contains(&(name.to_owned(), value.to_owned())), "{name}: {all:?}");
        }
    }
});
