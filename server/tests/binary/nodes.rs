//! Two machines of one shop, at one PostgreSQL database: who is signed in at one is at the other, and whoever tries
//! passwords at both has no more tries than at one.

use noren_shop::Shop;
use noren_shop::mail::mailbox;

use crate::installation::{Installation, runtime};
use crate::patient::{Address, Patient};
use crate::server::Server;
use crate::vault::wait_until;

const EMAIL: &str = "mori@example.jp";
const PASSWORD: &str = "wardrobe velvet onion";

/// The code in the mail that one of the machines writes.
fn code_from_the_mail(shop: &Shop) -> String {
    let runtime = runtime();
    let mut code = None;
    wait_until("a mail with a code is written", || {
        let mails = runtime.block_on(mailbox::list(shop)).unwrap();
        code = mails.iter().find_map(|mail| {
            // Set in two groups.
            let mut lines = mail.text.lines().filter(|line| line.starts_with("    ")).map(|line| line.replace(' ', ""));
            lines.find(|line| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()))
        });
        code.is_some()
    });
    code.unwrap()
}

#[test]
fn two_machines_at_one_database_are_one_door() {
    let installation = Installation::on_postgres();
    installation.stock();
    let shop = runtime().block_on(installation.shop());
    let machines = [Server::start(&installation), Server::start(&installation)];
    let address = Address::default();
    let at = |machine: usize| address.is(Some(&machines[machine % machines.len()].url));
    let nothing = || ();

    // Asked for at one, registered at the other, in at both.
    let mut mori = Patient::new(&address, &nothing);
    at(0);
    let form = [("email", EMAIL), ("password", PASSWORD), ("next", "")];
    let (_, to, _) = mori.post("/register", "/api/account/register", &form).unwrap();
    assert_eq!(to, "/verify");
    let code = code_from_the_mail(&shop);
    at(1);
    let (_, to, _) = mori.post("/verify", "/api/account/verify", &[("code", &code), ("next", "")]).unwrap();
    assert_eq!(to, "/account");
    for machine in 0..2 {
        at(machine);
        let (status, _, page) = mori.get("/account").unwrap();
        assert!(status == 200 && page.contains(EMAIL), "signed in at machine {machine}");
    }
    // Out at one, out at both.
    let (_, to, _) = mori.post("/account", "/api/account/logout", &[]).unwrap();
    assert_eq!(to, "/");
    at(0);
    assert_eq!(mori.get("/account").unwrap().1, "/login?next=/account");

    // Ten tries in all.
    let mut stranger = Patient::new(&address, &nothing);
    let mut answers = Vec::new();
    for machine in 0..12 {
        at(machine);
        let wrong = [("email", EMAIL), ("password", "not the password"), ("next", "")];
        stranger.post("/login", "/api/account/login", &wrong).unwrap();
        let (_, _, page) = stranger.get("/login").unwrap();
        let is = |words: &str| page.contains(words);
        answers.push((is("組み合わせが違います"), is("お試しの回数が多い")));
    }
    assert_eq!(answers, [[(true, false); 10].as_slice(), &[(false, true); 2]].concat(), "one count for both");
}
