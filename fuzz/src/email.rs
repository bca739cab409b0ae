//! The form in which an e-mail address is found again.

use noren_domain::email::{Email, quoted};

/// An address has one canonical form, which is an address too and its own canonical form; neither blanks
/// around it nor capitals make another one. What is written to can be written in a mail.
pub fn email(data: &[u8]) -> bool {
    let raw = String::from_utf8_lossy(data);
    let Ok(email) = Email::parse(&raw) else { return false };
    let (address, canonical) = (email.address(), email.canonical());
    let parsed = |raw: &str| Email::parse(raw).expect("another way of writing it is no address");
    assert_eq!(parsed(address), email, "the address is another address");
    let same = [canonical, &format!(" {address}\u{3000}"), &raw.to_ascii_uppercase(), &raw.to_ascii_lowercase()];
    for other in same {
        assert_eq!(parsed(other).canonical(), canonical, "two canonical forms");
    }
    assert!(canonical.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()), "not plain ASCII");
    assert!(canonical.len() <= Email::MAX && canonical.len() == address.len(), "of another length");
    assert_eq!(canonical.split('@').collect::<Vec<_>>()[..1], [email.local()], "not cut at its only @");
    assert!(
        canonical.matches('@').count() == 1 && quoted(address).len() <= Email::MAX + 2,
        "not one that a mail takes"
    );
    true
}

/// Addresses as people type them.
pub fn seeds() -> Vec<Vec<u8>> {
    let longest = format!("{}@{}.jp", "a".repeat(64), ["b".repeat(63), "c".repeat(63), "d".repeat(58)].join("."));
    // Compatibility makes three letters of one: what was short enough as it was typed may not be.
    let ligatures = format!("a@{}.jp", ["\u{fb03}".repeat(10).as_str(); 7].join("."));
    let typed = [
        "hanako@example.jp",
        "  Hanako@Example.JP ",
        "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ",
        "hanako+shop@example.jp",
        "taro.@docomo.ne.jp",
        "a..b@docomo.ne.jp",
        ".a@ezweb.ne.jp",
        "taro@XN--R8JZ45G.jp",
        "!#$%&'*+-/=?^_`{|}~@x-1.example",
        // The sign of the kelvin and a ligature: compatibility makes plain letters of them.
        "\u{212a}en.o\u{fb00}ice@example.jp",
        &longest,
        &ligatures,
    ];
    typed.map(|typed| typed.as_bytes().to_vec()).to_vec()
}
