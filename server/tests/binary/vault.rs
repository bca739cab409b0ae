//! The vault's process: killed in the middle of checkouts, ended with the shop, apart from it, and knocked at by
//! strangers.
//!
//! By default it is killed ten times. As often as was promised:
//!
//! ```sh
//! NOREN_TEST_KILLS=200 cargo test -p noren-server --test binary vault::a_vault_killed -- --nocapture
//! ```

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use noren_ledger::leaf::{Actor, Detail, Kind, Purpose};
use noren_shop::clock::Entropy;
use noren_shop::vault::{self, Vault};

use crate::books;
use crate::crowd::{Book, shop_on};
use crate::installation::{Installation, SKUS, runtime, said};
use crate::ledger::{granted, ledger_keys, verified};
use crate::patient::{Address, Patient};
use crate::people::person;
use crate::server::{PATIENCE, Server};

const SHOPPERS: usize = 4;
/// So many mails the shop writes at a time (`noren_shop::outbox`).
const MAILS_AT_ONCE: u64 = 4;
/// Every so many-th time, it is the whole shop that is killed.
const SHOP_EVERY: usize = 5;
/// At most so many answers between two kills; with none, the second one comes while the vault starts.
const ANSWERS_BETWEEN: u64 = 8;

/// The processes of the vault that works in this data folder, be it the shop's own or not.
fn vaults(data: &Path) -> Vec<u32> {
    let numbers = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let is_ours = |pid: &u32| {
        // Empty for one that has ended, whether or not anybody has asked how.
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = words.split(|byte| *byte == 0).collect();
        words.contains(&b"vault".as_slice()) && words.contains(&data.as_os_str().as_encoded_bytes())
    };
    numbers.filter(is_ours).collect()
}

fn kill(pid: u32, signal: &str) {
    // Whoever has ended in the meantime is as dead as was asked for.
    let _ = Command::new("sh").arg("-c").arg(format!("kill -{signal} {pid}")).stderr(Stdio::null()).status();
}

/// Looks until it is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    const BETWEEN: Duration = Duration::from_millis(10);
    let (_never, tick) = mpsc::channel::<()>();
    let looks = PATIENCE.as_millis() / BETWEEN.as_millis();
    assert!((0..looks).any(|_| is_so() || tick.recv_timeout(BETWEEN).is_ok()), "never: {what}");
}

/// Waits until a process has let go of all that it held, be there anybody or not who asks how it ended.
fn wait_for_the_end_of(pid: u32) {
    wait_until("a process ends", || {
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        state.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with(['Z', 'X']))
    });
}

/// Kills the vault, and now and then the shop, `times` times, each after some answers more; gives the shop that
/// runs then.
fn kill_again_and_again(
    installation: &Installation,
    times: usize,
    mut server: Server,
    address: &Address,
    answers: &Receiver<()>,
) -> Server {
    let (data, mut last) = (installation.data(), None);
    for time in 1..=times {
        let some = u64::from_be_bytes(Entropy::System.bytes()) % (ANSWERS_BETWEEN + 1);
        (0..some).for_each(|_| answers.recv_timeout(PATIENCE).expect("people shop on"));
        if time % SHOP_EVERY == 0 {
            address.is(None);
            let vaults = vaults(&data);
            server.crash();
            // How a shop opens while its old vault is still about is another claim.
            vaults.into_iter().for_each(wait_for_the_end_of);
            server = Server::start(installation);
            address.is(Some(&server.url));
            continue;
        }
        let mut pid = None;
        wait_until("a vault is started again", || {
            pid = vaults(&data).into_iter().find(|pid| Some(*pid) != last);
            pid.is_some()
        });
        kill(pid.unwrap(), "KILL");
        last = pid;
        // What was answered before is no sign of life of the next one.
        answers.try_iter().for_each(drop);
    }
    server
}

#[test]
fn a_vault_killed_in_the_middle_of_checkouts_loses_no_order_and_leaves_no_read_out_of_its_ledger() {
    let times = std::env::var("NOREN_TEST_KILLS").map_or(10, |number| number.parse().expect("a number of kills"));
    let installation = Installation::on_sqlite();
    installation.stock();
    let runtime = runtime();
    let shop = runtime.block_on(installation.shop());
    let at_first = runtime.block_on(books::all_units(&shop));
    let server = Server::start(&installation);
    let (address, book, stop, next) =
        (Address::default(), Book::default(), AtomicBool::new(false), AtomicUsize::new(1));
    address.is(Some(&server.url));
    let (tell, answers) = mpsc::channel();
    let heard = move || {
        let _ = tell.send(());
    };
    let server = std::thread::scope(|scope| {
        for _ in 0..SHOPPERS {
            scope.spawn(|| shop_on(&address, &next, &stop, &book, &heard));
        }
        // Set whatever happens, or nobody would ever stop.
        let server = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            kill_again_and_again(&installation, times, server, &address, &answers)
        }));
        stop.store(true, Ordering::SeqCst);
        server.unwrap_or_else(|fault| std::panic::resume_unwind(fault))
    });

    // After it all: every order that was confirmed opens for whoever holds its link.
    let Book { orders, confirmations, pages } = book;
    let (orders, confirmations, mut pages) =
        (orders.into_inner().unwrap(), confirmations.into_inner(), pages.into_inner());
    assert!(orders.len() >= SHOPPERS, "only {} orders", orders.len());
    let vaults = vaults(&installation.data());
    server.crash();
    vaults.into_iter().for_each(wait_for_the_end_of);
    let server = Server::start(&installation);
    address.is(Some(&server.url));
    for (token, who) in &orders {
        let (status, _, page) = Patient::new(&address, &|| ()).get(&format!("/orders/{token}")).unwrap();
        assert!(status == 200 && page.contains(&who.name) && page.contains(&who.street), "{status}: {page}");
        pages += 1;
    }
    runtime.block_on(async {
        books::an_hour_passes(&shop).await;
        books::until_all_is_tidy(&shop).await;
        let tokens = orders.iter().map(|(token, _)| token.clone()).collect();
        books::confirmed_orders_stand(&shop, &tokens).await;
        books::books_balance(&shop, &at_first).await;
        shop.db.close().await;
    });
    let keys = ledger_keys(&installation);
    server.ask_to_stop();
    assert!(server.ended().success());

    let (deeds, words) = verified(&installation, &keys);
    let mails = fs::read_dir(installation.data().join("mailbox")).unwrap().count() as u64;
    // With each kill, the last one and the jobs that were claimed anew after an hour among them, at most this went
    // unanswered of what the ledger has: one question of each shopper, and the mails that are written at a time.
    let (ends, shoppers) = (times as u64 + 2, SHOPPERS as u64);
    for (what, answers, purpose, in_flight) in [
        ("confirmations", confirmations, Purpose::Checkout, shoppers),
        ("pages of orders", pages, Purpose::OrderView, shoppers),
        ("mails", mails, Purpose::Mail, MAILS_AT_ONCE),
    ] {
        let leaves = granted(&deeds, purpose);
        println!("{what}: {answers} seen, {leaves} in the ledger");
        assert!(
            answers > 0 && answers <= leaves,
            "{answers} {what} were seen, and {leaves} stand in the ledger: {words}"
        );
        assert!(
            leaves <= answers + ends * in_flight,
            "{leaves} {what} stand in the ledger, and {answers} were seen: more than {times} kills can have cut off"
        );
    }
    let starts = deeds.iter().filter(|deed| deed.kind == Kind::Start).count();
    assert!(starts > times / 2, "{starts} starts for {times} kills: most of them came in the midst of something");
    println!("{times} kills, {} orders, {starts} starts; {words}", orders.len());
}

#[test]
fn the_vault_ends_with_its_shop_however_that_ends() {
    let installation = Installation::on_sqlite();
    let data = installation.data();
    let server = Server::start(&installation);
    let socket = vault::socket(&data);
    assert_eq!((vaults(&data).len(), socket.exists()), (1, true));
    // A server that answers listens for signals as well.
    let address = Address::default();
    address.is(Some(&server.url));
    assert_eq!(Patient::new(&address, &|| ()).get("/").unwrap().0, 200);
    server.ask_to_stop();
    assert!(server.ended().success());
    assert_eq!((vaults(&data), socket.exists()), (Vec::new(), false), "gone before the shop is");

    let server = Server::start(&installation);
    let vault = vaults(&data);
    assert_eq!(vault.len(), 1);
    server.crash();
    vault.into_iter().for_each(wait_for_the_end_of);
    let server = Server::start(&installation);
    assert_eq!(vaults(&data).len(), 1, "what is left of the socket is in nobody's way");
    drop(server);
    wait_until("the vault ends", || vaults(&data).is_empty());
}

/// As a service manager starts it again, or a person.
#[test]
fn a_shop_that_was_killed_opens_again_at_once_while_its_old_vault_is_still_about() {
    let installation = Installation::on_sqlite();
    for time in 1..=40 {
        let server = Server::try_start(&installation, "127.0.0.1:0");
        server.unwrap_or_else(|| panic!("it does not open the {time}. time")).crash();
    }
}

/// A vault of its own. It is killed when it is dropped.
pub struct Apart {
    process: Child,
    /// The line of its log that says that it answers.
    pub answers: String,
}

impl Apart {
    /// Starts one as `noren.toml` on the desk says, and waits until it answers.
    fn start(installation: &Installation) -> Self {
        Self::start_with(installation, &[])
    }

    /// Starts one as `flags` say, and waits until it answers.
    pub fn start_with(installation: &Installation, flags: &[&str]) -> Self {
        let mut command = installation.command(&["vault", "--url", "http://127.0.0.1"]);
        let mut process = command.args(flags).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut apart = Self { process, answers: String::new() };
        apart.answers = log.find(|line| line.contains("the vault answers")).expect("it answers before it ends");
        std::thread::spawn(move || log.for_each(drop));
        apart
    }

    pub fn stop(mut self) {
        kill(self.process.id(), "TERM");
        let ended = self.process.wait().unwrap();
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder that others may look into, with the path of a socket in it.
fn public_socket() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let socket = folder.path().join("vault.sock");
    (folder, socket)
}

/// Asks at a socket which vault it is, and says how many bytes came back.
const KNOCK: &str = "
import socket, sys
door = socket.socket(socket.AF_UNIX)
door.settimeout(60)
door.connect(sys.argv[1])
answer = b''
try:
    door.sendall(bytes([0, 0, 0, 2, 2, 0]))
    answer = door.recv(1000)
except (BrokenPipeError, ConnectionResetError):
    pass
print(len(answer))
";

#[test]
fn another_users_process_gets_no_answer_and_stands_in_the_ledger() {
    let knock = |socket: &Path| {
        let mut python = Command::new("/usr/bin/python3");
        python.args(["-I", "-c", KNOCK]).arg(socket).current_dir("/");
        python
    };
    let nobody =
        Command::new("/usr/bin/python3").args(["-I", "-c", ""]).current_dir("/").uid(65_534).gid(65_534).status();
    if !nobody.is_ok_and(|status| status.success()) {
        println!("skipped: only root can knock as somebody else, with /usr/bin/python3");
        return;
    }
    let installation = Installation::on_sqlite();
    let (_folder, socket) = public_socket();
    installation.file("noren.toml", format!("vault_socket = \"{}\"\nvault_users = \"12345\"\n", socket.display()));
    let vault = Apart::start(&installation);
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o666, "everybody may knock");
    let hello = runtime().block_on(async { Vault::at(&socket, Entropy::System).hello().await.unwrap() });
    let keys = hello.keys;
    let ours = said(&mut knock(&socket));
    assert_eq!(ours.code, Some(0), "{ours:?}");
    assert!(ours.out.trim().parse::<usize>().unwrap() > 32, "the vault's own user is answered: {ours:?}");
    let welcome = said(knock(&socket).uid(12_345).gid(12_345));
    assert!(welcome.out.trim().parse::<usize>().unwrap() > 32, "and so is the shop's: {welcome:?}");
    let stranger = said(knock(&socket).uid(65_534).gid(65_534));
    assert_eq!((stranger.code, stranger.out.trim()), (Some(0), "0"), "{stranger:?}");
    vault.stop();
    assert!(!socket.exists());
    let (deeds, words) = verified(&installation, &keys);
    let alarms = deeds.iter().filter(|deed| deed.kind == Kind::Alarm && deed.detail == Some(Detail::Stranger));
    assert_eq!(alarms.filter(|deed| deed.actor == Actor::Vault).count(), 1, "{words}");
}

#[test]
fn a_vault_apart_serves_a_shop_which_does_without_it_for_a_while() {
    let installation = Installation::on_sqlite();
    let (_folder, socket) = public_socket();
    installation.file("noren.toml", format!("vault_socket = \"{}\"\n", socket.display()));
    let vault = Apart::start(&installation);
    a_shop_does_without_it_for_a_while(&installation, vault, || Apart::start(&installation)).stop();
}

/// Opens a shop beside its vault, stops that, starts it `again`, and gives it.
pub fn a_shop_does_without_it_for_a_while(
    installation: &Installation,
    vault: Apart,
    again: impl Fn() -> Apart,
) -> Apart {
    const AWAY: &str = "接続できません";
    installation.stock();
    let server = Server::start(installation);
    assert_eq!(vaults(&installation.data()), [vault.process.id()], "the shop starts none beside it");
    let address = Address::default();
    address.is(Some(&server.url));
    let mut shopper = Patient::new(&address, &|| ());
    let who = person(7);
    let page = format!("/orders/{}", shopper.order(&who, SKUS[0]).token);
    let log_in = || {
        let mut guest = Patient::new(&address, &|| ());
        let fields = [("email", who.email.as_str()), ("password", "rainy tuesday 7"), ("next", "")];
        guest.post("/login", "/api/account/login", &fields).unwrap();
        guest.get("/login").unwrap()
    };
    let (status, _, text) = log_in();
    assert!(status == 200 && !text.contains(AWAY), "{status}: {text}");

    vault.stop();
    assert_eq!(shopper.get("/").unwrap().0, 200);
    let (status, _, text) = log_in();
    assert!(status == 200 && text.contains(AWAY), "{status}: {text}");
    let (status, _, text) = shopper.get(&page).unwrap();
    assert!(status == 503 && text.contains(AWAY) && !text.contains(&who.name), "{status}: {text}");

    let vault = again();
    let (status, _, text) = log_in();
    assert!(status == 200 && !text.contains(AWAY), "{status}: {text}");
    let (status, _, text) = shopper.get(&page).unwrap();
    assert!(status == 200 && text.contains(&who.name), "{status}: {text}");
    let (status, ..) = {
        let mut other = Patient::new(&address, &|| ());
        let order = other.order(&person(8), SKUS[1]);
        other.get(&format!("/orders/{}", order.token)).unwrap()
    };
    assert_eq!(status, 200);
    server.ask_to_stop();
    assert!(server.ended().success());
    assert_eq!(vaults(&installation.data()), [vault.process.id()], "it does not end with a shop that is not its own");
    vault
}
