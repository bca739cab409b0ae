//! Stolen files hold nobody in the clear: neither the data folder, nor a backup of it, nor the log.
//!
//! By default with so many people that it goes by in a moment. With the numbers that were promised:
//!
//! ```sh
//! NOREN_TEST_PEOPLE=100000 NOREN_TEST_DICTIONARY=10000000 \
//!     cargo test -p noren-server --test binary stolen -- --nocapture
//! ```

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use hmac::{Hmac, KeyInit, Mac};
use noren_shop::clock::Entropy;
use noren_shop::vault::{self, Asker, Field, Here, LookFor, Plain, Sealed};
use noren_shop::{Shop, execute, fetch_all, fetch_one};
use noren_vault::policy::Limits;
use sha2::{Digest, Sha256, Sha512_256};
use tokio::task::JoinSet;

use crate::installation::{Installation, SKUS, runtime};
use crate::patient::{Address, Patient};
use crate::people::{CITY, POSTAL_CODE, Person, person};
use crate::search::{Search, files};

/// What a thief of the files does not get: the keys, which lie on another disk or machine in earnest, and the
/// mails that wait to be sent.
const SPARED: [&str; 2] = ["keys", "mailbox"];
/// So many are sealed and stored at a time.
const AT_ONCE: usize = 500;
/// Numbers of people who come in by the door of the shop.
const GUESTS: std::ops::Range<usize> = 9_000_000..9_000_012;
/// Numbers of people who are only tried at the login.
const TRIED: std::ops::Range<usize> = 9_100_000..9_100_010;

fn asked_for(name: &str, unless: usize) -> usize {
    std::env::var(name).map_or(unless, |number| number.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// One person as the database has them.
struct Row {
    index: [u8; 32],
    account: Sealed,
    checkout: Sealed,
    id: [u8; 16],
    subject: [u8; 16],
}

fn values(given: &[(Field, &str)]) -> Vec<(Field, Plain)> {
    given.iter().map(|(field, value)| (*field, Plain::new((*value).to_owned()))).collect()
}

/// Seals somebody as an account and as a checkout.
async fn sealed(shop: Shop, who: Person) -> Row {
    let (id, subject) = (Entropy::System.uuid(shop.now()), Entropy::System.uuid(shop.now()));
    let guest = Asker::guest(id, "test");
    let index = shop.vault.index(guest, LookFor::Login, &who.email).await.unwrap().newest;
    let account = values(&[(Field::Email, &who.email), (Field::Name, &who.name)]);
    let account = shop.vault.seal(guest, id, None, account).await.unwrap();
    let checkout = values(&[
        (Field::Email, &who.email),
        (Field::Name, &who.name),
        (Field::Kana, &who.kana),
        (Field::PostalCode, POSTAL_CODE),
        (Field::City, CITY),
        (Field::Street, &who.street),
        (Field::Building, &who.building),
        (Field::Phone, &who.phone),
    ]);
    let checkout = shop.vault.seal(guest, subject, Some(id), checkout).await.unwrap();
    Row { index, account, checkout, id: id.into_bytes(), subject: subject.into_bytes() }
}

/// Puts people into the shop as it does it itself: accounts, and what they have typed at the checkout.
fn settle(installation: &Installation, people: &[usize]) {
    let said = installation.run(&["migrate"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let data = installation.data();
    let limits = Limits { per_minute: u32::MAX, ..Limits::default() };
    let here = Here::start(&vault::folder(&data), &vault::socket(&data), "127.0.0.1", limits, &[], &[]).unwrap();
    runtime().block_on(async {
        let shop = installation.shop().await;
        for some in people.chunks(AT_ONCE) {
            let mut sealing = JoinSet::new();
            for no in some {
                sealing.spawn(sealed(shop.clone(), person(*no)));
            }
            store(&shop, sealing.join_all().await).await;
        }
        shop.db.close().await;
    });
    drop(here);
}

async fn store(shop: &Shop, rows: Vec<Row>) {
    let now = shop.now();
    let mut tx = shop.db.write().await.unwrap();
    for Row { index, account, checkout, id, subject } in rows {
        execute!(
            tx,
            "INSERT INTO customer (id, email_index, email, name, password_hash, lang, created_at, password_changed_at) \
             VALUES ($1, $2, $3, $4, '', 'ja', $5, $5)",
            id.to_vec(),
            index.to_vec(),
            account.get(Field::Email),
            account.get(Field::Name),
            now
        )
        .await
        .unwrap();
        let cart = subject.to_vec();
        let sql = "INSERT INTO cart (id, customer_id, created_at, updated_at) VALUES ($1, $2, $3, $3)";
        execute!(tx, sql, cart.clone(), id.to_vec(), now).await.unwrap();
        execute!(
            tx,
            "INSERT INTO checkout (cart_id, order_id, subject_id, email_index, email, name, kana, postal_code, city, street, \
             building, phone, prefecture, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 13, $13)",
            cart.clone(),
            cart.clone(),
            cart,
            index.to_vec(),
            checkout.get(Field::Email),
            checkout.get(Field::Name),
            checkout.get(Field::Kana),
            checkout.get(Field::PostalCode),
            checkout.get(Field::City),
            checkout.get(Field::Street),
            checkout.get(Field::Building),
            checkout.get(Field::Phone),
            now
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

/// A server that says all that it can say, and what it has said.
struct Talkative {
    child: Child,
    url: String,
    said: JoinHandle<Vec<u8>>,
}

impl Talkative {
    fn start(installation: &Installation) -> Self {
        let mut child = installation
            .command(&["serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--url", "http://127.0.0.1"])
            .env("NOREN_SAMPLE", "off")
            .env("NOREN_LOG", "debug")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut said, mut url) = (Vec::new(), None);
        while url.is_none() {
            let mut line = Vec::new();
            assert!(log.read_until(b'\n', &mut line).unwrap() > 0, "{}", String::from_utf8_lossy(&said));
            let text = String::from_utf8_lossy(&line);
            url = text
                .split_once("address=")
                .map(|(_, rest)| format!("http://{}", rest.split_whitespace().next().unwrap()));
            said.extend(line);
        }
        let said = std::thread::spawn(move || {
            log.read_to_end(&mut said).unwrap();
            said
        });
        Self { child, url: url.unwrap(), said }
    }

    /// Stops it as a service manager does; gives its whole log.
    fn stop(mut self) -> Vec<u8> {
        let told = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.child.id())).status();
        assert!(told.unwrap().success());
        assert!(self.child.wait().unwrap().success());
        self.said.join().unwrap()
    }
}

/// What goes on in a shop: people look around, buy, register, mistype their addresses; a row is damaged, and
/// its page breaks.
fn a_day_passes(installation: &Installation, url: &str) {
    let address = Address::default();
    address.is(Some(url));
    let mut orders = Vec::new();
    for no in GUESTS {
        let (who, mut guest) = (person(no), Patient::new(&address, &|| ()));
        let order = guest.order(&who, SKUS[no % SKUS.len()]);
        let page = format!("/orders/{}", order.token);
        let (status, _, text) = guest.get(&page).unwrap();
        assert!(status == 200 && text.contains(&who.name) && text.contains(&who.street), "{text}");
        orders.push(page);
        guest
            .post("/register", "/api/account/register", &[("email", &who.email), ("password", "rainy tuesday 7")])
            .unwrap();
        guest.get("/search?q=%E6%89%8B").unwrap();
    }
    for no in TRIED {
        let (who, mut guest) = (person(no), Patient::new(&address, &|| ()));
        let wrong = format!(" {} ", who.email.to_uppercase());
        guest.post("/login", "/api/account/login", &[("email", &wrong), ("password", &who.phone)]).unwrap();
        guest.get("/login").unwrap();
        // Nothing about this form is right, so that it comes back as it was typed.
        guest.post("/", "/api/cart/add", &[("sku", SKUS[0]), ("quantity", "1")]).unwrap();
        let wrong = [("email", who.street.as_str()), ("name", &who.name), ("kana", &who.name), ("phone", &who.email)];
        guest.post("/checkout/contact", "/api/checkout/save-contact", &wrong).unwrap();
        guest.get("/checkout/contact").unwrap();
    }
    runtime().block_on(async {
        let shop = installation.shop().await;
        let sql = "SELECT name FROM orders LIMIT 1";
        let (mut name,): (Vec<u8>,) = fetch_one!(shop.db.read().await.unwrap(), (Vec<u8>,), sql).await.unwrap();
        *name.last_mut().unwrap() ^= 1;
        let mut tx = shop.db.write().await.unwrap();
        execute!(tx, "UPDATE orders SET name = $1", name).await.unwrap();
        tx.commit().await.unwrap();
        shop.db.close().await;
    });
    let broken = orders.iter().filter(|page| Patient::new(&address, &|| ()).get(page).unwrap().0 == 500).count();
    assert_eq!(broken, orders.len(), "each page whose row was damaged breaks");
}

/// Copies what can be stolen.
fn back_up(data: &Path, to: &Path) {
    for path in files(data, &SPARED) {
        let copy = to.join(path.strip_prefix(data).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(path, copy).unwrap();
    }
}

#[test]
fn stolen_files_and_logs_hold_nobody_in_the_clear() {
    let count = asked_for("NOREN_TEST_PEOPLE", 10_000);
    let installation = Installation::on_sqlite();
    settle(&installation, &(0..count).collect::<Vec<_>>());
    installation.stock();
    let (data, backup) = (installation.data(), installation.desk().join("backup"));
    let server = Talkative::start(&installation);
    a_day_passes(&installation, &server.url);
    // A thief comes while the shop is open, and once more when it is closed; and takes what a backup is.
    back_up(&data, &backup);
    let copies = installation.desk().join("copies");
    let [to, keys_to] = ["data", "apart"].map(|place| copies.join(place).display().to_string());
    let said = installation.run(&["backup", "--to", &to, "--keys-to", &keys_to]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let log = server.stop();

    let people: Vec<Person> = (0..count).chain(GUESTS).chain(TRIED).map(person).collect();
    let upper: Vec<String> = TRIED.map(|no| person(no).email.to_uppercase()).collect();
    // Not 〒 and city: seven digits and the name of a ward stand in many a place without anybody.
    let words = people
        .iter()
        .flat_map(|who| [&who.email, &who.name, &who.kana, &who.street, &who.building, &who.phone].map(String::as_str));
    let search = Search::of(words.chain(upper.iter().map(String::as_str)));
    let (mut read, mut found) = (0, Vec::new());
    for folder in [&data, &backup, &copies] {
        let (more, bytes) = search.below(folder, &SPARED);
        assert!(bytes > 500 * count as u64, "{} holds what was put there: {bytes} bytes", folder.display());
        read += bytes;
        found.extend(more);
    }
    assert_eq!(found, [], "people stand in the clear in stolen files");
    let said = search.within(&log);
    let said: Vec<_> = said.iter().map(|word| String::from_utf8_lossy(word)).collect();
    assert!(said.is_empty(), "people stand in the clear in the log: {said:?}");
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("a request failed"), "what broke was logged");
    println!("{} people, {read} bytes of files and {} of log: nobody in the clear", people.len(), log.len());

    // The same search finds them where they are: each once, in a picture's metadata, in a stray note, in UTF-16.
    let one = person(count / 2);
    let media = data.join("media");
    fs::create_dir_all(&media).unwrap();
    fs::write(media.join("stray.avif"), [&[0xff; 99], one.street.as_bytes()].concat()).unwrap();
    fs::write(backup.join("stray.txt"), one.email.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
        .unwrap();
    let strays = [search.below(&data, &SPARED).0, search.below(&backup, &SPARED).0].map(|found| {
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].0.file_name().unwrap().to_owned()
    });
    assert_eq!(strays, ["stray.avif", "stray.txt"]);
    // And in the mails that wait to be sent, for a mail is for people.
    assert!(!search.below(&data, &["keys"]).0.iter().all(|(path, _)| path.ends_with("stray.avif")), "mails are spared");
}

/// HMAC-SHA-256.
fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(data).finalize().into_bytes().into()
}

/// What the vault computes the index of: which one, and what, each behind its length.
fn labelled(address: &str) -> Vec<u8> {
    let parts: [&[u8]; 2] = [&[Field::Email.code()], address.as_bytes()];
    let mut data = b"index".to_vec();
    for part in parts {
        data.extend((part.len() as u64).to_be_bytes());
        data.extend(part);
    }
    data
}

/// Tells its second argument all rows that an address may have become.
type Ways<'a> = &'a (dyn Fn(&str, &mut dyn FnMut([u8; 32])) + Sync);

/// The rows of the shop that a dictionary of addresses leads to, if `ways` tells how a row may have come from an
/// address.
fn guessed(rows: &HashSet<[u8; 32]>, size: usize, ways: Ways) -> usize {
    let (next, hits) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let no = next.fetch_add(1, Ordering::Relaxed);
                    if no >= size {
                        return;
                    }
                    let address = person(no).email;
                    ways(&address, &mut |row| {
                        hits.fetch_add(usize::from(rows.contains(&row)), Ordering::Relaxed);
                    });
                }
            });
        }
    });
    hits.into_inner()
}

/// The honest limit of a blind index: whoever has its key guesses addresses as fast as it can hash.
#[test]
fn a_dictionary_of_addresses_matches_no_row_without_the_index_key_and_every_row_with_it() {
    const PEOPLE: usize = 500;
    let size = asked_for("NOREN_TEST_DICTIONARY", 100_000);
    let installation = Installation::on_sqlite();
    let settled: Vec<usize> = (0..PEOPLE).map(|no| no * (size / PEOPLE)).collect();
    settle(&installation, &settled);
    let rows: HashSet<[u8; 32]> = runtime().block_on(async {
        let shop = installation.shop().await;
        let sql = "SELECT email_index FROM customer UNION ALL SELECT email_index FROM checkout";
        let rows = fetch_all!(shop.db.read().await.unwrap(), (Vec<u8>,), sql).await.unwrap();
        shop.db.close().await;
        rows.into_iter().map(|(row,)| row.try_into().unwrap()).collect()
    });
    assert_eq!(rows.len(), PEOPLE, "one index for one address, wherever it stands");

    let data = installation.data();
    let key = |path: &str| fs::read(data.join(path)).unwrap();
    let others = [
        Vec::new(),
        vec![0; 32],
        b"noren".to_vec(),
        b"index".to_vec(),
        key("keys/shop.key"),
        key("vault/keys/naming.key"),
    ];
    let without = guessed(&rows, size, &|address, row| {
        let labelled = labelled(address);
        for data in [address.as_bytes(), &labelled] {
            row(Sha256::digest(data).into());
            row(Sha512_256::digest(data).into());
        }
        for key in &others {
            row(hmac(key, address.as_bytes()));
            row(hmac(key, &labelled));
        }
    });
    assert_eq!(without, 0, "of {size} addresses, hashed in {} ways", 4 + 2 * others.len());
    let index = key("vault/keys/index-1.key");
    let with = guessed(&rows, size, &|address, row| row(hmac(&index, &labelled(address))));
    assert_eq!(with, PEOPLE, "with the key in hand all of them are guessed");
    println!(
        "{size} addresses in {} ways: {without} rows without the index key, {with} of {PEOPLE} with it",
        4 + 2 * others.len()
    );
}
