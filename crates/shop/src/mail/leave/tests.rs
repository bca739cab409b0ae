use noren_domain::Id;
use noren_domain::account::Customer;
use noren_domain::tax::TaxClass;

use super::*;
use crate::account::erase;
use crate::account::testing::{customer, ordered, proved};
use crate::mail::account::AccountMail;
use crate::mail::smtp::Security;
use crate::mail::{Mail, enqueue, finished};
use crate::order;
use crate::outbox::{self, Lane};
use crate::testing::TestShop;
use crate::testing::goods;
use crate::testing::mail_server::{Deed, MailServer};
use crate::{fetch_all, on_both_databases};

const ACCOUNT: &str = "about-the-account";

/// Somebody with a finished order; its mail, and one about the account, have been claimed by a worker and composed.
async fn composed(shop: &TestShop) -> (Id<Customer>, Vec<(Job, Finished)>) {
    goods::put(shop, "CUP", TaxClass::Standard, 1_200, 300, 9).await;
    let hers = customer(shop, "hanako@example.jp").await;
    let (order, no) = ordered(shop, hers, "cash").await;
    order::sent(shop, &no).await.unwrap();
    // Longer than an order can come back.
    shop.clock.advance(90 * 24 * 3_600_000);
    let about = Mail::Account(AccountMail::AlreadyRegistered { customer: hers.0 });
    let mut tx = shop.db.write().await.unwrap();
    enqueue(&mut tx, shop, ACCOUNT, &about).await.unwrap();
    tx.commit().await.unwrap();
    let mut composed = Vec::new();
    loop {
        let jobs = outbox::claim(shop, Lane::Mails).await.unwrap();
        if jobs.is_empty() {
            break;
        }
        for job in jobs {
            let mail = if job.key() == ACCOUNT { about.clone() } else { Mail::OrderPlaced { order } };
            let sent = sent::of(shop, job.key(), &mail).await.unwrap();
            let finished = finished(shop, job.key(), sent.as_ref(), &mail).await.unwrap();
            composed.push((job, finished));
        }
    }
    assert_eq!(composed.len(), 2);
    (hers, composed)
}

/// Erases the account, with the order, and all mails but the statement.
async fn erased(shop: &Shop, customer: Id<Customer>) {
    assert_eq!(erase::erase(shop, &proved(shop, customer).await).await.unwrap().unwrap().finished, 1);
}

fn files(shop: &Shop) -> Vec<std::ffi::OsString> {
    std::fs::read_dir(shop.mailbox_dir()).unwrap().map(|file| file.unwrap().file_name()).collect()
}

/// What became of the mails, but for the statement of the erasure.
async fn states(shop: &Shop) -> Vec<(String,)> {
    let sql = "SELECT state FROM mail_sent WHERE kind <> 'erased'";
    fetch_all!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap()
}

on_both_databases!(what_was_composed_before_its_person_was_erased_leaves_no_file(shop) {
    let (hers, mails) = composed(&shop).await;
    erased(&shop, hers).await;
    for (mut job, mail) in mails {
        assert!(matches!(into_folder(&shop, &mut job, mail).await, Err(MailError::Lost)));
    }
    assert_eq!(files(&shop), [""; 0]);
    assert_eq!(states(&shop).await, [("cancelled".to_owned(),), ("cancelled".to_owned(),)]);
});

on_both_databases!(what_was_written_before_its_person_was_erased_is_deleted_though_nobody_has_booked_it(shop) {
    let (hers, mails) = composed(&shop).await;
    for (mut job, mail) in mails {
        into_folder(&shop, &mut job, mail).await.unwrap();
        // As a worker leaves it that ends in the middle of a later try.
        std::fs::write(beside(&path_of(&shop, job.key())), b"half").unwrap();
    }
    assert_eq!((files(&shop).len(), states(&shop).await), (4, vec![("sent".to_owned(),); 2]));
    erased(&shop, hers).await;
    outbox::run_due(&shop).await.unwrap();
    erase::finish(&shop).await.unwrap();
    let left = files(&shop);
    assert!(left.len() == 1 && left[0].to_str().unwrap().contains("erased"), "the last mail: {left:?}");
});

on_both_databases!(what_was_composed_before_its_person_was_erased_is_not_handed_to_the_mail_server(shop) {
    let (hers, mails) = composed(&shop).await;
    erased(&shop, hers).await;
    let server = MailServer::start(Security::Plain).await;
    for (mut job, mail) in mails {
        assert!(matches!(by_server(&shop, &server.relay(), &mut job, &mail).await, Err(MailError::Lost)));
    }
    assert!(server.kept().is_empty());
    assert_eq!(states(&shop).await, [("cancelled".to_owned(),), ("cancelled".to_owned(),)]);
});

on_both_databases!(a_mail_in_doubt_is_not_sent_again_once_its_person_is_erased(shop) {
    let (hers, mails) = composed(&shop).await;
    let server = MailServer::start(Security::Plain).await;
    server.will(&[Deed::KeepAndHangUp; 2]);
    for (mut job, mail) in mails {
        let left = by_server(&shop, &server.relay(), &mut job, &mail).await;
        assert!(matches!(left, Err(MailError::Smtp(SmtpError::InDoubt(_)))));
    }
    erased(&shop, hers).await;
    let sql = "SELECT key FROM outbox WHERE topic = 'mail' AND done_at IS NULL";
    let open = fetch_all!(shop.db.read().await.unwrap(), (String,), sql).await.unwrap();
    assert!(open.len() == 1 && open[0].0.contains("erased"), "{open:?}");
    assert_eq!(states(&shop).await, vec![("sending".to_owned(),); 2], "nobody knows more of them");
});
