//! The door: whether the time of an answer tells which addresses have accounts, and what becomes of many passwords
//! tried at many addresses. In this process, with a vault and a database on the disk and a clock that is moved by hand.

use std::path::Path;
use std::time::Instant;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use noren_domain::Lang;
use noren_domain::account::{Email, LoginForm, RegisterForm, StepCode, Verify};
use noren_shop::account::challenge::{Kind, ask_mailbox};
use noren_shop::account::{DoorError, Opening, confirm, login, register};
use noren_shop::clock::{Clock, Entropy};
use noren_shop::db::Db;
use noren_shop::keys::Keys;
use noren_shop::session::Device;
use noren_shop::token::Token;
use noren_shop::vault::{self, Asker, Field, Here, LookFor, Plain, Vault};
use noren_shop::{Parts, Shop};
use noren_vault::policy::Limits;
use sqlx::SqlitePool;
use tokio::task::JoinSet;

use crate::load::AnyError;

const PASSWORD: &str = "wardrobe velvet onion";
/// So many people have accounts.
const PEOPLE: usize = 1_000;
const MINUTE: i64 = 60_000;

/// A shop with people in it, who are all known by one browser each.
struct Door {
    shop: Shop,
    database: SqlitePool,
    _vault: Here,
}

fn address(no: usize) -> String {
    format!("person-{no}@example.jp")
}

/// A browser in the network with number `no`, which nobody is known by.
fn stranger(no: usize) -> Device {
    let network = std::net::Ipv4Addr::from(u32::try_from(no).unwrap_or(0).wrapping_add(1) << 8);
    Device::new("Mozilla/5.0 Firefox/145.0".to_owned(), Some(network.into()))
}

/// The token of the browser that the person with number `no` is known by.
fn home(no: usize) -> Token {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&no.to_be_bytes());
    Token::from_bytes(&bytes)
}

impl Door {
    async fn open(dir: &Path) -> Result<Self, AnyError> {
        std::fs::create_dir_all(dir)?;
        let entropy = Entropy::System;
        let limits = Limits { per_minute: u32::MAX, ..Limits::default() };
        let here = Here::start(&vault::folder(dir), &vault::socket(dir), "bench.example", limits, &[], &[])?;
        let file = dir.join("noren.sqlite");
        let shop = Shop::new(Parts {
            db: Db::sqlite(&file).await?,
            keys: Keys::new([1; 32], entropy.clone()),
            vault: Vault::at(&vault::socket(dir), entropy.clone()),
            clock: Clock::fixed(Clock::System.now()),
            entropy,
            data: dir.to_owned(),
            url: "http://shop.example".to_owned(),
            development: true,
        });
        std::fs::create_dir_all(shop.mailbox_dir())?;
        shop.migrate().await?;
        let database = SqlitePool::connect(&format!("sqlite://{}", file.display())).await?;
        let door = Self { shop, database, _vault: here };
        door.people().await?;
        Ok(door)
    }

    async fn people(&self) -> Result<(), AnyError> {
        let params = Params::new(19_456, 2, 1, None).map_err(|error| error.to_string())?;
        let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(PASSWORD.as_bytes(), b"of the benchmark")
            .map_err(|error| error.to_string())?;
        let hash = hash.to_string();
        for no in 0..PEOPLE {
            let now = self.shop.now();
            let id = self.shop.entropy.uuid(now);
            let asker = Asker::operator("bench");
            let index = self.shop.vault.index(asker, LookFor::Login, &address(no)).await?;
            let email = vec![(Field::Email, Plain::new(address(no)))];
            let email = self.shop.vault.seal(asker, id, None, email).await?.get(Field::Email);
            let sql =
                "INSERT INTO customer (id, email_index, email, password_hash, lang, created_at, password_changed_at)
                       VALUES ($1, $2, $3, $4, 'ja', $5, $5)";
            let row = sqlx::query(sql).bind(id).bind(index.newest.to_vec()).bind(email).bind(&hash).bind(now);
            row.execute(&self.database).await?;
            let sql = "INSERT INTO known_device (token_hash, customer_id, since, seen_at) VALUES ($1, $2, $3, $3)";
            sqlx::query(sql).bind(home(no).hash().to_vec()).bind(id).bind(now).execute(&self.database).await?;
        }
        Ok(())
    }

    async fn count(&self, sql: &'static str) -> Result<i64, AnyError> {
        Ok(sqlx::query_scalar(sql).fetch_one(&self.database).await?)
    }
}

/// How well the time of an answer may tell known addresses from unknown ones.
const MOST_AUC: f64 = 0.52;
/// From so many timings on an AUC is judged: of fewer, chance alone makes one that large now and then.
const ENOUGH: usize = 10_000;
/// So many of the right ones among passwords that leaked elsewhere may open a door.
const MOST_OPENED: f64 = 0.001;
/// So many owners come to the door meanwhile, and as many afterwards.
const OWNERS: usize = 100;

/// Prints how well the time of an answer tells known addresses from unknown ones, of `timings` each, and what `tries`
/// passwords open; an error when a bound is broken, which is no matter of how fast the machine is.
pub async fn print(dir: &Path, timings: usize, tries: usize) -> Result<(), AnyError> {
    let mut broken = Vec::new();
    let door = Door::open(&dir.join("door")).await?;
    println!("\nDoor: does the time of an answer tell whether an address has an account? {timings} of each, in turns");
    println!("  (AUC: 0.5 tells nothing, 1 everything; at most {MOST_AUC})");
    for what in [Asked::Login, Asked::Register, Asked::NewPassword] {
        if auc(&door, what, timings).await? > MOST_AUC && timings >= ENOUGH {
            broken.push(what.words());
        }
    }
    // A door of its own: at the other one thousands of mails wait.
    let door = Door::open(&dir.join("stuffing")).await?;
    let stuffed = stuffing(&door, tries).await?;
    if stuffed.opened as f64 > MOST_OPENED * stuffed.right as f64 {
        broken.push("passwords that leaked elsewhere open too many doors");
    }
    if stuffed.locked_out > 0 {
        broken.push("owners are locked out");
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("over its bound: {}", broken.join(", ")).into()) }
}

/// What is asked for with an address.
#[derive(Clone, Copy)]
enum Asked {
    Login,
    Register,
    NewPassword,
}

impl Asked {
    const fn words(self) -> &'static str {
        match self {
            Self::Login => "sign-in with a wrong password",
            Self::Register => "registration",
            Self::NewPassword => "new password by mail",
        }
    }

    /// Asks once from a network of its own and gives the seconds that it took.
    async fn once(self, shop: &Shop, email: String, network: usize) -> Result<f64, AnyError> {
        let device = stranger(network);
        let refused = |faults| format!("{faults:?}");
        let began = Instant::now();
        match self {
            Self::Login => {
                let form = LoginForm { email, password: "not the password".into(), next: String::new() };
                match login(shop, &form.parse().map_err(refused)?, Lang::Ja, &device, None).await {
                    Err(DoorError::Refused(noren_domain::form::Fault::Credentials)) => {}
                    other => return Err(format!("a wrong password was answered otherwise: {other:?}").into()),
                }
            }
            Self::Register => {
                let form = RegisterForm { email, password: PASSWORD.into(), next: String::new() };
                register(shop, &form.parse().map_err(refused)?, Lang::Ja, &device).await?;
            }
            Self::NewPassword => {
                let email = Email::parse(&email).map_err(|fault| format!("{fault:?}"))?;
                ask_mailbox(shop, Kind::Reset, &email, Lang::Ja, &device).await?;
            }
        }
        Ok(began.elapsed().as_secs_f64())
    }
}

/// Asks with known and unknown addresses in turns, prints and gives the area under the curve.
async fn auc(door: &Door, what: Asked, timings: usize) -> Result<f64, AnyError> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for no in 0..timings {
        // Nobody is over a limit: each has all tries again before they come round.
        door.shop.clock.advance(MINUTE);
        let (person, nobody) = (address(no % PEOPLE), format!("nobody-{}@example.jp", no % PEOPLE));
        let (first, second) = if no % 2 == 0 { (person, nobody) } else { (nobody, person) };
        let first = what.once(&door.shop, first, 2 * no).await?;
        let second = what.once(&door.shop, second, 2 * no + 1).await?;
        let (of_person, of_nobody) = if no % 2 == 0 { (first, second) } else { (second, first) };
        known.push(of_person);
        unknown.push(of_nobody);
    }
    let auc = mann_whitney(&known, &unknown);
    let auc = auc.max(1.0 - auc);
    known.sort_by(f64::total_cmp);
    unknown.sort_by(f64::total_cmp);
    let median = |times: &[f64]| times.get(times.len() / 2).copied().unwrap_or_default() * 1_000.0;
    println!(
        "  {}: AUC {:.3}; median {:.2} ms with an account, {:.2} ms without",
        what.words(),
        auc,
        median(&known),
        median(&unknown)
    );
    Ok(auc)
}

/// How often one of `a` is smaller than one of `b`; those that are equal count half.
fn mann_whitney(a: &[f64], b: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        a.iter().map(|time| (*time, true)).chain(b.iter().map(|time| (*time, false))).collect();
    all.sort_by(|x, y| x.0.total_cmp(&y.0));
    let (mut seen, mut smaller) = (0.0, 0.0);
    for group in all.chunk_by(|x, y| x.0.total_cmp(&y.0).is_eq()) {
        let (ours, theirs) =
            group.iter().fold(
                (0.0, 0.0),
                |(ours, theirs), (_, ours_is)| {
                    if *ours_is { (ours + 1.0, theirs) } else { (ours, theirs + 1.0) }
                },
            );
        smaller += theirs * (seen + ours / 2.0);
        seen += ours;
    }
    smaller / (a.len() as f64 * b.len() as f64)
}

/// What came of many passwords.
struct Stuffed {
    right: usize,
    opened: usize,
    locked_out: usize,
}

/// Passwords that leaked elsewhere, tried from a twentieth as many networks: one in a hundred is right, and half of the
/// others are meant for people of this shop. Meanwhile and afterwards owners come in, every other one in a browser that
/// nobody knows.
async fn stuffing(door: &Door, tries: usize) -> Result<Stuffed, AnyError> {
    let networks = (tries / 20).max(1);
    println!("\nStuffing: {tries} passwords tried from {networks} networks within an hour, one in a hundred is right");
    door.shop.clock.advance(60 * MINUTE);
    let before = door.count("SELECT COUNT(*) FROM session").await?;
    let (mut right, mut asked, mut opened, mut stopped) = (0, 0, 0, 0);
    let (mut owners, mut locked_out) = (0, 0);
    for at in (0..tries).step_by(10) {
        door.shop.clock.advance(60 * MINUTE * 10 / i64::try_from(tries).unwrap_or(i64::MAX));
        let mut together = JoinSet::new();
        for no in at..(at + 10).min(tries) {
            let (shop, is_right) = (door.shop.clone(), no % 100 == 0);
            right += usize::from(is_right);
            let (email, password) = match no {
                _ if is_right => (address(no / 100 % PEOPLE), PASSWORD),
                // 7 has no factor in common with the number of people: everybody is meant as often.
                _ if no.is_multiple_of(2) => (address(7 * no / 2 % PEOPLE), "leaked elsewhere"),
                _ => (format!("leaked-{no}@example.jp"), "leaked elsewhere"),
            };
            together.spawn(async move {
                let form = LoginForm { email, password: password.into(), next: String::new() };
                let typed = form.parse().map_err(|faults| format!("{faults:?}"))?;
                let device = stranger(1_000_000 + no % networks);
                let outcome = login(&shop, &typed, Lang::Ja, &device, None).await;
                Ok::<_, String>((is_right, outcome))
            });
        }
        for done in together.join_all().await {
            match done? {
                (true, Ok(Opening::In(_))) => opened += 1,
                (true, Ok(Opening::Asked(_))) => asked += 1,
                (true, Err(_)) => stopped += 1,
                (false, Err(_)) => {}
                (false, Ok(_)) => return Err("a wrong password was taken for a right one".into()),
            }
        }
        while owners < OWNERS && owners * tries <= at * OWNERS {
            locked_out += usize::from(!comes_in(door, owners).await?);
            owners += 1;
        }
    }
    let afterwards = owners + OWNERS;
    while owners < afterwards {
        locked_out += usize::from(!comes_in(door, owners).await?);
        owners += 1;
    }
    let entered = i64::try_from(owners - locked_out)?;
    let sessions = door.count("SELECT COUNT(*) FROM session").await? - before - entered;
    println!(
        "  {right} right ones: {opened} let in, {asked} asked for the code from the mail, {stopped} stopped by a limit; {sessions} sessions"
    );
    println!("  {owners} owners came to the door meanwhile and afterwards: {locked_out} could not come in");
    Ok(Stuffed { right, opened, locked_out })
}

/// Whether the owner with the number `no` of those that come comes in: every other one at home by the password, the others
/// in a strange browser by a code from the mail.
async fn comes_in(door: &Door, no: usize) -> Result<bool, AnyError> {
    let shop = &door.shop;
    let person = 37 * no % PEOPLE;
    if no.is_multiple_of(2) {
        let device = stranger(2_000_000 + person).holding(Some(home(person)));
        let form = LoginForm { email: address(person), password: PASSWORD.into(), next: String::new() };
        let typed = form.parse().map_err(|faults| format!("{faults:?}"))?;
        return Ok(matches!(login(shop, &typed, Lang::Ja, &device, None).await, Ok(Opening::In(_))));
    }
    let device = stranger(2_000_000 + person);
    let email = Email::parse(&address(person)).map_err(|fault| format!("{fault:?}"))?;
    let Ok(pending) = ask_mailbox(shop, Kind::SignIn, &email, Lang::Ja, &device).await else { return Ok(false) };
    while noren_shop::outbox::run_due(shop).await? > 0 {}
    let mails = noren_shop::mail::mailbox::list(shop).await?;
    // Somebody else's try at their password may have brought them another code at the same moment: whoever is told that it is
    // wrong types the other one, of five tries that they have.
    let codes = mails.iter().filter(|mail| mail.to == address(person)).filter_map(|mail| {
        let line = mail.text.lines().find(|line| line.starts_with("    "))?.trim();
        Verify::parse(line).ok()
    });
    for code in codes.take(5) {
        let typed = StepCode::Digits(code);
        if matches!(confirm(shop, &pending, &typed, Lang::Ja, &device, None).await, Ok(Opening::In(_))) {
            return Ok(true);
        }
    }
    Ok(false)
}
