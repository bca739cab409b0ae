//! What is really delivered about an account: by its check phrase its owner can tell each mail from a false one, and none
//! has them used to links to the login.

use noren_domain::account::{AccountEvent, Customer, Erasure, ErasureCause, KeptOrder, OpenReason};
use noren_domain::html::escape;
use noren_domain::notice::Version;
use noren_domain::{Id, moment};

use super::*;
use crate::account::challenge::{CODE_LIFE, Kind};
use crate::account::events::check_phrase;
use crate::account::testing::proved;
use crate::account::{erase, lost};
use crate::fetch_one;
use crate::mail::account::{Before, DormantStep};
use crate::mail::mailbox::Received;
use crate::notice;
use crate::vault::{Asker, Field, Plain};

/// Mails that must not carry a check phrase, and why not.
const WITHOUT_A_PHRASE: [(&str, &str); 9] = [
    ("registration_code", "whoever typed the address has not shown yet that it is theirs"),
    ("no_account", "there is no account"),
    ("no_account_reset", "there is no account"),
    ("email_change_new_code", "whoever reads the new mailbox has not shown yet that the account is theirs"),
    ("email_change_over", "that mailbox is the account's no more"),
    ("email_change_held", "the address is the account's no more"),
    ("email_change_held_secret", "that mailbox may be read by somebody else"),
    ("erased_order", "a guest has none"),
    ("erased_order_later", "a guest has none"),
];
/// Mails with a link: to the page that stops a change of the address, which signs nobody in.
const WITH_A_LINK: [&str; 4] =
    ["email_change_old_code", "email_change_notice", "email_change_late", "email_change_done"];
/// There are words for these, and no mail has them yet.
const NOT_SENT: [&str; 2] = ["credit_granted", "credit_spent"];
/// The number of the readers' check phrase: they have had another one made.
const PHRASE_NO: i64 = 1;

/// Somebody with an account, and the kinds of mails that were looked at of those to them, by the words of the previews.
struct Reader<'a> {
    shop: &'a Shop,
    customer: Id<Customer>,
    address: &'static str,
    lang: Lang,
    seen: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    async fn new(shop: &'a Shop, address: &'static str, lang: Lang) -> Self {
        let customer = customer(shop, address).await;
        let mut tx = shop.db.write().await.unwrap();
        let sql = "UPDATE customer SET lang = $1, phrase_no = $2 WHERE id = $3";
        execute!(tx, sql, lang.tag(), PHRASE_NO, customer.0).await.unwrap();
        tx.commit().await.unwrap();
        Self { shop, customer, address, lang, seen: Vec::new() }
    }

    /// Has `mail` go through the outbox and looks at what lies in the mailbox then.
    async fn gets(&mut self, kind: &'static str, mail: AccountMail) {
        // Named one by one: whoever adds one has it looked at below as well.
        let before = match &mail {
            AccountMail::Event { before, .. } => *before,
            AccountMail::RegistrationCode { .. }
            | AccountMail::AlreadyRegistered { .. }
            | AccountMail::Code { .. }
            | AccountMail::NewDevice { .. }
            | AccountMail::StaffRead { .. }
            | AccountMail::Notice { .. }
            | AccountMail::EmailChange { .. }
            | AccountMail::EmailWanted { .. }
            | AccountMail::EmailHeld { .. }
            | AccountMail::Dormant { .. }
            | AccountMail::Erased { .. } => Before::default(),
        };
        let key = format!("{kind}-{}", self.lang.tag());
        let mut tx = self.shop.db.write().await.unwrap();
        enqueue(&mut tx, self.shop, &key, &Mail::Account(mail)).await.unwrap();
        tx.commit().await.unwrap();
        self.reads(kind, &key, before).await;
    }

    /// Looks at the mail of the job `key`, which keeps `before` of what was.
    async fn reads(&mut self, kind: &'static str, key: &str, before: Before) {
        outbox::run_due(self.shop).await.unwrap();
        let delivered = mailbox::open(self.shop, key).await.unwrap();
        let Received { to, subject, text, html, .. } = delivered.unwrap_or_else(|| panic!("{kind} was not delivered"));
        let lang = before.lang.unwrap_or(self.lang);
        let sample = account::samples(self.shop, lang).into_iter().find(|(known, _)| *known == kind);
        if let Some((_, (called, _))) = sample {
            assert_eq!(subject, called, "{kind}");
        }
        assert_eq!(to, self.address, "{kind}");
        let japanese = text.chars().any(|c| matches!(c, 'ぁ'..='ヿ'));
        assert_eq!(japanese, lang == Lang::Ja, "{kind} is in the reader's language");

        let phrase = check_phrase(self.shop, self.customer, before.phrase_no.unwrap_or(PHRASE_NO)).words(lang);
        let label = lang.pick("お客様の合言葉: ", "Your check phrase: ");
        if let Some((_, why)) = WITHOUT_A_PHRASE.into_iter().find(|(without, _)| *without == kind) {
            let carries = |said: &str| said.contains(label) || said.contains(&phrase);
            assert!(!carries(&text) && !carries(&html), "{kind} carries a check phrase, but {why}");
        } else {
            let carried = format!("{label}{phrase}");
            assert!(text.contains(&carried), "the text of {kind} lacks {carried}: {text}");
            assert!(html.contains(&escape(&carried)), "the HTML of {kind} lacks {carried}: {html}");
        }

        let ours = format!("{}/", self.shop.url);
        for said in [&text, &html] {
            assert!(!said.contains("/login"), "{kind} leads to the login");
            for (at, _) in said.match_indices("http") {
                assert!(said[at..].starts_with(&ours), "{kind} names a site that is not ours");
            }
        }
        for loads in ["<img", "<script", "<link", "<style", "<iframe", "src=", "url(", "@import"] {
            assert!(!html.contains(loads), "{kind} loads something: {loads}");
        }
        assert_eq!(html.contains("<a href"), WITH_A_LINK.contains(&kind), "{kind}");
        self.seen.push(kind);
    }

    /// The reader's address, sealed for a record of its own.
    async fn sealed(&self) -> (Uuid, Vec<u8>) {
        let id = self.shop.entropy.uuid(self.shop.now());
        let values = vec![(Field::Email, Plain::new(self.address.to_owned()))];
        let sealed = self.shop.vault.seal(Asker::guest(id, "test"), id, None, values).await.unwrap();
        (id, sealed.get(Field::Email).unwrap())
    }

    /// Somebody has typed the address to register it.
    async fn registration(&self) -> Uuid {
        let (id, email) = self.sealed().await;
        let (secret, now) = (self.shop.entropy.bytes::<32>().to_vec(), self.shop.now());
        let mut tx = self.shop.db.write().await.unwrap();
        let sql = "INSERT INTO registration (id, token_hash, email_index, email, password_hash, code_hash, lang, created_at, expires_at)
                   VALUES ($1, $2, $2, $3, 'none', $2, $4, $5, $6)";
        execute!(tx, sql, id, secret, email, self.lang.tag(), now, now + CODE_LIFE).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A code was asked for: of the account of `whose`, if anybody has the address, and by that or otherwise.
    async fn challenge(&self, kind: Kind, whose: Option<Uuid>, by_address: bool) -> Uuid {
        let (id, email) = self.sealed().await;
        let (secret, now) = (self.shop.entropy.bytes::<32>().to_vec(), self.shop.now());
        let email = by_address.then_some(email);
        let mut tx = self.shop.db.write().await.unwrap();
        let sql = "INSERT INTO challenge (id, token_hash, kind, asks, customer_id, email, lang, user_agent, network, created_at, expires_at)
                   VALUES ($1, $2, $3, 'mail', $4, $5, $6, 'Firefox/1', '192.0.2.0/24', $7, $8)";
        execute!(tx, sql, id, secret, kind.word(), whose, email, self.lang.tag(), now, now + CODE_LIFE).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Something happened to the account.
    async fn event(&self, event: AccountEvent) -> Uuid {
        let id = self.shop.entropy.uuid(self.shop.now());
        let mut tx = self.shop.db.write().await.unwrap();
        let sql = "INSERT INTO account_event (id, customer_id, at, kind, user_agent, network)
                   VALUES ($1, $2, $3, $4, 'Firefox/1', '192.0.2.0/24')";
        execute!(tx, sql, id, self.customer.0, self.shop.now(), event.word()).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A change of the address that has come as far as `state`, and no other.
    async fn change(&self, state: &str, way: &str) -> Uuid {
        let (id, now) = (self.shop.entropy.uuid(self.shop.now()), self.shop.now());
        let changed_at = matches!(state, "done" | "reverted").then_some(now);
        let mut tx = self.shop.db.write().await.unwrap();
        execute!(tx, "DELETE FROM email_change WHERE customer_id = $1", self.customer.0).await.unwrap();
        execute!(
            tx,
            "INSERT INTO email_change (id, customer_id, state, way, email, email_index, code_id, code_until, back_hash, lang, user_agent, network, created_at, changed_at, due_at)
             SELECT $1, id, $2, $3, email, $4, $1, $5, $4, lang, '', '', $6, $7, $5 FROM customer WHERE id = $8",
            id,
            state,
            way,
            self.shop.entropy.bytes::<32>().to_vec(),
            now + CODE_LIFE,
            now,
            changed_at,
            self.customer.0
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A guest had the person taken out of an order with this address.
    async fn guests_erasure(&self, kept: Vec<KeptOrder>) -> Uuid {
        let (record, email) = self.sealed().await;
        let (id, at) = (self.shop.entropy.uuid(self.shop.now()), self.shop.now());
        let order = Some("N-ABCD-2345".to_owned());
        let no = format!("E-{id}");
        let erasure = Erasure { no, at, cause: ErasureCause::Order, finished: 1, kept, consents: 0, order };
        let statement = serde_json::to_string(&erasure).unwrap();
        let mut tx = self.shop.db.write().await.unwrap();
        let sql = "INSERT INTO erasure (id, no, record, email, lang, phrase_no, cause, statement, at)
                   VALUES ($1, $2, $3, $4, $5, NULL, 'order', $6, $7)";
        execute!(tx, sql, id, erasure.no, record, email, self.lang.tag(), statement, at).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn gets_what_is_sent_at_the_door(&mut self) {
        let whose = Some(self.customer.0);
        let registration = self.registration().await;
        self.gets("registration_code", AccountMail::RegistrationCode { registration }).await;
        self.gets("already_registered", AccountMail::AlreadyRegistered { customer: self.customer.0 }).await;
        for (kind, secret) in [("email_change_held", false), ("email_change_held_secret", true)] {
            let registration = self.registration().await;
            self.gets(kind, AccountMail::EmailHeld { registration, secret }).await;
        }
        for (kind, what, whose, by_address) in [
            ("sign_in_code", Kind::SignIn, whose, true),
            ("second_step_code", Kind::SignIn, whose, false),
            ("reset_code", Kind::Reset, whose, true),
            ("claim_code", Kind::Claim, whose, false),
            ("no_account", Kind::SignIn, None, true),
            ("no_account_reset", Kind::Reset, None, true),
        ] {
            let challenge = self.challenge(what, whose, by_address).await;
            self.gets(kind, AccountMail::Code { challenge }).await;
        }
        let sign_in = self.shop.entropy.uuid(self.shop.now());
        let mut tx = self.shop.db.write().await.unwrap();
        let sql = "INSERT INTO sign_in (id, customer_id, at, outcome, user_agent, network)
                   VALUES ($1, $2, $3, 'ok', 'Firefox/1', '192.0.2.0/24')";
        execute!(tx, sql, sign_in, self.customer.0, self.shop.now()).await.unwrap();
        tx.commit().await.unwrap();
        self.gets("new_device", AccountMail::NewDevice { sign_in }).await;
    }

    async fn gets_what_tells_of_every_event(&mut self) {
        let (now, customer) = (self.shop.now(), self.customer.0);
        let mut tx = self.shop.db.write().await.unwrap();
        let sql = "INSERT INTO factor_removal (customer_id, asked_at, due_at) VALUES ($1, $2, $3)";
        execute!(tx, sql, customer, now, now + lost::DELAY).await.unwrap();
        tx.commit().await.unwrap();
        for kind in AccountEvent::ALL {
            let event = self.event(kind).await;
            let other = if self.lang == Lang::Ja { Lang::En } else { Lang::Ja };
            let before = match kind {
                // Told of all of a day by one mail.
                AccountEvent::StaffRead => {
                    let mail = AccountMail::StaffRead { customer, day: moment::day(now) };
                    self.gets("staff_read", mail).await;
                    continue;
                }
                AccountEvent::PhraseChanged => Before { phrase_no: Some(PHRASE_NO - 1), ..Before::default() },
                AccountEvent::MailLangChanged => Before { lang: Some(other), ..Before::default() },
                _ => Before::default(),
            };
            self.gets(kind.word(), AccountMail::Event { event, before }).await;
        }
    }

    async fn gets_what_tells_of_a_change_of_the_address(&mut self) {
        for (kind, what, state, way) in [
            ("email_change_new_code", EmailMail::NewCode, "new", "both"),
            ("email_change_old_code", EmailMail::OldCode, "old", "both"),
            ("email_change_notice", EmailMail::Asked, "new", "both"),
            ("email_change_late", EmailMail::Late, "waiting", "late"),
            ("email_change_done", EmailMail::Changed, "done", "both"),
            ("email_change_over", EmailMail::Over, "reverted", "both"),
        ] {
            let change = self.change(state, way).await;
            self.gets(kind, AccountMail::EmailChange { change, what }).await;
        }
        let change = Some(self.change("new", "both").await);
        let customer = self.customer.0;
        self.gets("email_change_wanted", AccountMail::EmailWanted { customer, change }).await;
    }

    async fn gets_what_the_shop_has_to_say(&mut self) {
        let (now, customer) = (self.shop.now(), self.customer.0);
        notice::demo(self.shop).await.unwrap();
        let mut conn = self.shop.db.read().await.unwrap();
        let (notice,) = fetch_one!(conn, (Uuid,), "SELECT id FROM notice").await.unwrap();
        drop(conn);
        for (kind, version) in [("notice_published", Version::Sokuho), ("notice_updated", Version::Zokuho)] {
            let mut tx = self.shop.db.write().await.unwrap();
            execute!(tx, "UPDATE notice SET version = $1", version.word()).await.unwrap();
            tx.commit().await.unwrap();
            self.gets(kind, AccountMail::Notice { notice, customer }).await;
        }
        let mut tx = self.shop.db.write().await.unwrap();
        execute!(tx, "INSERT INTO dormancy (customer_id, told_at) VALUES ($1, $2)", customer, now).await.unwrap();
        tx.commit().await.unwrap();
        for step in DormantStep::ALL {
            self.gets(step.word(), AccountMail::Dormant { customer, step, day: now }).await;
        }
        let waits = vec![KeptOrder { no: "N-ABCD-2345".to_owned(), waits: OpenReason::OnTheWay }];
        for (kind, kept) in [("erased_order", Vec::new()), ("erased_order_later", waits)] {
            let erasure = self.guests_erasure(kept).await;
            self.gets(kind, AccountMail::Erased { erasure }).await;
        }
    }

    /// Has the account erased, of which the last mail tells.
    async fn gets_the_last_one(&mut self) {
        let who = proved(self.shop, self.customer).await;
        assert!(erase::erase(self.shop, &who).await.unwrap().is_some());
        let mut conn = self.shop.db.read().await.unwrap();
        let sql = "SELECT id FROM erasure WHERE record = $1";
        let (erasure,) = fetch_one!(conn, (Uuid,), sql, self.customer.0).await.unwrap();
        drop(conn);
        self.reads("erased", &format!("erased-{erasure}"), Before::default()).await;
    }
}

on_both_databases!(every_mail_about_an_account_is_delivered_with_its_owners_check_phrase_and_leads_to_no_login(shop) {
    for (address, lang) in [("hanako@example.jp", Lang::Ja), ("emma@example.com", Lang::En)] {
        let mut reader = Reader::new(&shop, address, lang).await;
        reader.gets_what_is_sent_at_the_door().await;
        reader.gets_what_tells_of_every_event().await;
        reader.gets_what_tells_of_a_change_of_the_address().await;
        reader.gets_what_the_shop_has_to_say().await;
        reader.gets_the_last_one().await;
        let known = account::samples(&shop, lang).into_iter().map(|(kind, _)| kind);
        let without = WITHOUT_A_PHRASE.into_iter().map(|(kind, _)| kind);
        for kind in known.filter(|kind| !NOT_SENT.contains(kind)).chain(without).chain(WITH_A_LINK) {
            assert!(reader.seen.contains(&kind), "nobody has looked at {kind}");
        }
    }
});
