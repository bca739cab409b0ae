//! `noren erase`: erases an account, or the person of a guest's order, for somebody who has asked for it by letter.

use std::io::{self, BufRead};

use clap::Args;
use noren_domain::account::{Email, Erasure, KeptOrder};
use noren_domain::{Lang, moment};
use noren_shop::Shop;
use noren_shop::account::erase::{self, Found, guests};

use super::{AnyError, say};

/// Whom to erase.
#[derive(Args, Debug)]
pub struct Erase {
    /// The person in this order of a guest, instead of an account
    #[arg(long, value_name = "NUMBER")]
    order: Option<String>,
    /// Asks nothing back
    #[arg(long)]
    yes: bool,
}

/// Says what would be erased, and does it once that is confirmed on the standard input. The address of an account is read
/// from there as well, so that it stands in no history of commands.
pub async fn run(shop: &Shop, asked: Erase) -> Result<(), AnyError> {
    let mut input = io::stdin().lock();
    let erasure = if let Some(no) = &asked.order {
        let found = guests::find(shop, no).await?;
        if !asked.yes {
            eprintln!("{}", question(&format!("the person in order {}", no.trim()), "placed", &found));
            confirmed(&mut input, no.trim())?;
        }
        guests::by_letter(shop, no).await?
    } else {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let email = Email::parse(&line).map_err(|_| "write one e-mail address to the standard input")?;
        let found = erase::find(shop, &email).await?.ok_or(NOBODY)?;
        if !asked.yes {
            eprintln!("{}", question(&format!("the account {}", email.address()), "opened", &found));
            confirmed(&mut input, email.address())?;
        }
        erase::erase_by_letter(shop, &email).await?.ok_or(NOBODY)?
    };
    say::line(statement(&erasure))?;
    Ok(())
}

const NOBODY: &str = "nobody has an account with this address; nothing was erased";

/// Whom and what it is about.
fn question(whom: &str, began: &str, found: &Found) -> String {
    let since = moment::date_time(found.since, Lang::En);
    let mut text = format!(
        "This erases {whom}, {began} on {since}, with the person in {} finished order(s), for good.",
        found.view.finished
    );
    text.push_str(&waiting(&found.view.kept));
    text.push_str("\nTo go on, type it once more, or yes:");
    text
}

fn waiting(kept: &[KeptOrder]) -> String {
    let line = |order: &KeptOrder| {
        let waits = order.waits.words(Lang::En);
        format!("\n{} keeps its person until it is finished: {waits}", order.no)
    };
    kept.iter().map(line).collect()
}

fn confirmed(input: &mut impl BufRead, whom: &str) -> Result<(), AnyError> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    let typed = line.trim();
    if typed.eq_ignore_ascii_case("yes") || typed.eq_ignore_ascii_case(whom) {
        return Ok(());
    }
    Err("that was no yes; nothing was erased (`--yes` asks nothing back)".into())
}

fn statement(erasure: &Erasure) -> String {
    let Erasure { no, at, finished, kept, .. } = erasure;
    let when = moment::date_time(*at, Lang::En);
    let mut text = format!("{no}: erased on {when}, {finished} finished order(s) without a person from now on");
    text.push_str(&waiting(kept));
    text.push_str("\nthe statement goes to the address as the last mail as soon as `noren serve` runs");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_or_the_same_once_more_goes_on() {
        for typed in ["yes\n", " YES \n", "Hanako@example.jp\n"] {
            assert!(confirmed(&mut typed.as_bytes(), "hanako@example.jp").is_ok(), "{typed:?}");
        }
        for typed in ["", "\n", "y\n", "no\n", "taro@example.jp\n"] {
            assert!(confirmed(&mut typed.as_bytes(), "hanako@example.jp").is_err(), "{typed:?}");
        }
    }
}
