use std::io::Write;
use std::net::Shutdown;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion};

use super::super::tests::{ask, seal};
use super::super::{ENTERING, ServeError, Server};
use super::*;
use crate::place::{Address, Place};
use crate::tls::tests::{Authority, EXPIRED, FINE};
use crate::tls::{Papers, Side};
use crate::vault::Vault;
use crate::vault::tests::{BEGAN, open_at};
use crate::wire::{Answer, Request, receive as read_frame, send};

/// Longer than any test takes: whoever is still waited for then is waited for in vain.
const LONG: Duration = Duration::from_mins(2);
/// So short that nobody minds, where somebody is to be given up.
const SHORT: Duration = Duration::from_millis(20);

type Client = StreamOwned<ClientConnection, TcpStream>;

/// A vault behind a port, and the CA that both sides are certified by.
struct Behind {
    authority: Authority,
    vault: Arc<Vault>,
    time: Arc<AtomicU64>,
    /// How often somebody's patience was measured.
    looked: Arc<AtomicU64>,
    server: Server,
    _dir: tempfile::TempDir,
}

impl Behind {
    fn patient(patience: Duration) -> Self {
        let (dir, time, authority) = (tempfile::tempdir().unwrap(), Arc::new(AtomicU64::new(BEGAN)), Authority::new());
        let vault = Arc::new(open_at(&dir.path().join("vault"), &time).unwrap());
        let place = Place::Tls("tls://127.0.0.1:0".parse().unwrap(), authority.papers(Side::Vault, FINE));
        let looked = Arc::new(AtomicU64::new(0));
        let stopwatch = {
            let (time, looked) = (time.clone(), looked.clone());
            Arc::new(move || {
                looked.fetch_add(1, Ordering::SeqCst);
                Duration::from_millis(time.load(Ordering::SeqCst))
            })
        };
        let server = Server::patient(vault.clone(), place, &[], patience, stopwatch).unwrap();
        Self { authority, vault, time, looked, server, _dir: dir }
    }

    /// Somebody at the port who has said nothing yet.
    fn knock(&self) -> TcpStream {
        let address: Address = self.server.at().parse().unwrap();
        let stream = TcpStream::connect((address.host(), address.port())).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    fn client(&self, config: Arc<ClientConfig>, name: &'static str) -> Client {
        StreamOwned::new(ClientConnection::new(config, name.try_into().unwrap()).unwrap(), self.knock())
    }

    /// A shop that shows `papers`.
    fn shop(&self, papers: &Papers) -> Client {
        self.client(papers.client(Arc::new(|| BEGAN)), "127.0.0.1")
    }

    fn good_shop(&self) -> Client {
        self.shop(&self.authority.papers(Side::Shop, FINE))
    }
}

/// Whether anything comes back; waits until the vault has closed the connection if not.
fn is_answered(mut stream: Client) -> bool {
    let _ = send(&mut stream, &Request::Hello.encode());
    let answered = matches!(read_frame(&mut stream), Ok(Some(_)));
    answered || !has_ended(&mut stream.sock)
}

/// Reads until the vault has closed the connection. `false`: it did not.
fn has_ended(stream: &mut TcpStream) -> bool {
    let still_open = |error: &io::Error| matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
    !io::copy(stream, &mut io::sink()).is_err_and(|error| still_open(&error))
}

#[test]
fn a_shop_with_a_good_certificate_is_answered() {
    let behind = Behind::patient(LONG);
    let leaves = behind.vault.book().size();
    let mut shop = behind.good_shop();
    let Answer::Hello(hello) = ask(&mut shop, &Request::Hello) else { panic!("no greeting") };
    assert_eq!(hello.identity, behind.vault.identity());
    assert!(matches!(ask(&mut shop, &seal("花子")), Answer::Sealed(_)), "and again, on the same connection");
    let long = "暖".repeat(1 << 18);
    let Answer::Sealed(sealed) = ask(&mut shop, &seal(&long)) else { panic!("not sealed") };
    assert!(sealed[0].len() > long.len(), "what is longer than a buffer of TLS comes whole");
    assert_eq!(shop.conn.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!((behind.server.strangers(), behind.vault.book().size()), (0, leaves + 2), "the sealing, and no alarm");
}

#[test]
fn who_shows_no_good_certificate_gets_no_answer_and_stands_in_the_ledger() {
    let behind = Behind::patient(LONG);
    let ours = &behind.authority;
    let shop = |config| behind.client(config, "127.0.0.1");
    // All of them know the vault: it is they who are not known.
    for (time, (who, stranger)) in [
        ("of another CA", behind.shop(&Authority::new().papers_for(ours, Side::Shop, FINE))),
        ("expired", behind.shop(&ours.papers(Side::Shop, EXPIRED))),
        ("another vault", behind.shop(&ours.papers(Side::Vault, FINE))),
        ("no certificate", shop(ours.client(None, &TLS13))),
        ("an old version of TLS", shop(ours.client(Some(&ours.papers(Side::Shop, FINE)), &TLS12))),
    ]
    .into_iter()
    .enumerate()
    {
        behind.time.fetch_add(1_000, Ordering::SeqCst);
        let leaves = behind.vault.book().size();
        assert!(!is_answered(stranger), "{who}");
        assert_eq!((behind.server.strangers(), behind.vault.book().size()), (time as u64 + 1, leaves + 1), "{who}");
    }
    let leaves = behind.vault.book().size();
    let mut plain = behind.knock();
    send(&mut plain, &Request::Hello.encode()).unwrap();
    plain.shutdown(Shutdown::Write).unwrap();
    assert!(has_ended(&mut plain));
    assert_eq!((behind.server.strangers(), behind.vault.book().size()), (6, leaves), "no second leaf in one second");
    assert!(is_answered(behind.good_shop()));
}

#[test]
fn a_certificate_that_expires_while_the_vault_runs_is_not_taken_any_more() {
    let behind = Behind::patient(LONG);
    assert!(is_answered(behind.good_shop()));
    behind.time.fetch_add(86_400_000 * (FINE.unsigned_abs() + 1), Ordering::SeqCst);
    assert!(!is_answered(behind.good_shop()));
}

#[test]
fn a_connection_does_not_outlive_the_certificate_that_it_was_let_in_with() {
    let behind = Behind::patient(LONG);
    let mut shop = behind.good_shop();
    assert!(matches!(ask(&mut shop, &Request::Hello), Answer::Hello(_)));
    behind.time.fetch_add(86_400_000, Ordering::SeqCst);
    assert!(matches!(ask(&mut shop, &Request::Hello), Answer::Hello(_)), "still good");
    behind.time.fetch_add(86_400_000 * FINE.unsigned_abs(), Ordering::SeqCst);
    assert!(!is_answered(shop));
}

#[test]
fn who_may_ask_and_does_not_end_the_question_is_given_up_and_whoever_asks_nothing_is_not() {
    let behind = Behind::patient(LONG);
    let patience = u64::try_from(LONG.as_millis()).unwrap();
    let (mut idle, mut slow) = (behind.good_shop(), behind.good_shop());
    for shop in [&mut idle, &mut slow] {
        assert!(matches!(ask(shop, &Request::Hello), Answer::Hello(_)));
    }
    // Half a question of sixteen megabytes, for which no such room is set aside.
    slow.write_all(&[1, 0, 0, 0, 2, 0]).unwrap();
    slow.flush().unwrap();
    loop {
        behind.time.fetch_add(patience, Ordering::SeqCst);
        if slow.write_all(&[0]).and_then(|()| slow.flush()).is_err() {
            break;
        }
    }
    assert!(has_ended(&mut slow.sock));
    assert!(matches!(ask(&mut idle, &Request::Hello), Answer::Hello(_)), "as long as it likes");
}

#[test]
fn a_shop_talks_to_no_vault_that_is_not_certified_for_its_host() {
    let behind = Behind::patient(LONG);
    let papers = |authority: &Authority| behind.authority.papers_for(authority, Side::Shop, FINE);
    let now = || Arc::new(|| BEGAN);
    assert!(is_answered(behind.client(papers(&behind.authority).client(now()), "vault.example")));
    assert!(!is_answered(behind.client(papers(&behind.authority).client(now()), "elsewhere.example")));
    assert!(!is_answered(behind.shop(&papers(&Authority::new()))));
}

#[test]
fn who_says_nothing_is_given_up_and_counts_as_a_stranger() {
    let behind = Behind::patient(SHORT);
    let mut silent = behind.knock();
    assert!(has_ended(&mut silent));
    assert_eq!(behind.server.strangers(), 1);
}

#[test]
fn who_says_little_at_a_time_is_given_up_when_the_time_is_over() {
    let behind = Behind::patient(LONG);
    let mut slow = behind.knock();
    // Its time has begun: what passed before does not count.
    while behind.looked.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    // The beginning of a greeting that is as long as one may be, and the rest of it at one byte a time.
    slow.write_all(&[22, 3, 1, 0x40, 0]).unwrap();
    // One byte less than it promised: the vault could wait for the last one for ever.
    for _ in 0..0x4000 - 1 {
        behind.time.fetch_add(u64::try_from(LONG.as_millis()).unwrap(), Ordering::SeqCst);
        if slow.write_all(&[0]).is_err() {
            break;
        }
    }
    assert!(has_ended(&mut slow));
}

#[test]
fn those_who_say_nothing_keep_nobody_out_and_do_not_keep_the_vault_from_closing() {
    let behind = Behind::patient(LONG);
    let mut silent: Vec<TcpStream> = (0..ENTERING + 3).map(|_| behind.knock()).collect();
    let mut shop = behind.good_shop();
    assert!(matches!(ask(&mut shop, &Request::Hello), Answer::Hello(_)));
    for first in &mut silent[..3] {
        assert!(has_ended(first), "those that have been there longest make room");
    }
    let Behind { server, .. } = behind;
    drop(server);
    assert!(read_frame(&mut shop).unwrap().is_none(), "closed in good order");
    for mut last in silent {
        assert!(has_ended(&mut last));
    }
}

#[test]
fn a_port_that_is_taken_is_said_with_the_remedy_and_is_free_again_when_the_vault_has_closed() {
    let behind = Behind::patient(LONG);
    let mut shop = behind.good_shop();
    assert!(matches!(ask(&mut shop, &Request::Hello), Answer::Hello(_)));
    let address: Address = behind.server.at().parse().unwrap();
    let again = || {
        let papers = behind.authority.papers(Side::Vault, FINE);
        Server::start(behind.vault.clone(), Place::Tls(address.clone(), papers), &[])
    };
    let taken = again().err().expect("it is taken");
    assert!(matches!(taken, ServeError::Port { .. }) && taken.to_string().contains("NOREN_VAULT_SOCKET"), "{taken}");
    drop(behind.server);
    assert_eq!(again().unwrap().at(), address.to_string());
}
