//! `noren sessions` and `noren factors`: what the shop's people do about accounts.

use clap::{Args, Subcommand};
use noren_domain::{Lang, moment};
use noren_shop::Shop;
use noren_shop::account::lost::{self, Asked};
use noren_shop::account::office;

use super::{AnyError, say};

/// Which thing to do about sessions.
#[derive(Args, Debug)]
pub struct Sessions {
    #[command(subcommand)]
    what: SessionsWhat,
}

#[derive(Debug, Subcommand)]
enum SessionsWhat {
    /// Signs out the person with this address, who is told by mail; or everybody, who are not
    End(Whose),
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Whose {
    /// The address of the account
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Everybody
    #[arg(long)]
    all: bool,
}

/// Which thing to do about second factors.
#[derive(Args, Debug)]
pub struct Factors {
    #[command(subcommand)]
    what: FactorsWhat,
}

#[derive(Debug, Subcommand)]
enum FactorsWhat {
    /// Takes app, recovery codes and passkeys away in 72 hours or later, after you have made sure that it is the owner who asks
    ///
    /// docs/OPERATIONS.md says how. The owner is told by mail and can stop it; signing in with the app stops it as well.
    Remove {
        /// The address of the account
        #[arg(long, value_name = "ADDRESS")]
        email: String,
    },
    /// Stops a removal that waits
    Keep {
        /// The address of the account
        #[arg(long, value_name = "ADDRESS")]
        email: String,
    },
}

/// Does it and says in one line what became of it.
pub async fn run_sessions(shop: &Shop, sessions: Sessions) -> Result<(), AnyError> {
    let SessionsWhat::End(whose) = sessions.what;
    say::line(ended(shop, whose).await?)?;
    Ok(())
}

/// Does it and says in one line what became of it.
pub async fn run_factors(shop: &Shop, factors: Factors) -> Result<(), AnyError> {
    say::line(done(shop, factors.what).await?)?;
    Ok(())
}

async fn ended(shop: &Shop, whose: Whose) -> Result<String, AnyError> {
    let Some(email) = whose.email else {
        let count = office::end_all_sessions(shop).await?;
        return Ok(format!("{count} session(s) ended; nobody is signed in any more, and no mail was sent"));
    };
    Ok(match office::end_sessions(shop, &email).await? {
        0 => "this person is signed in nowhere; had a change of the address been under way, it is given up now"
            .to_owned(),
        count => format!("{count} session(s) ended; the person is told by mail as soon as `noren serve` runs"),
    })
}

async fn done(shop: &Shop, what: FactorsWhat) -> Result<String, AnyError> {
    let at = |due| moment::date_time(due, Lang::En);
    match what {
        FactorsWhat::Remove { email } => {
            let customer = office::customer(shop, &email, "factors/remove").await?;
            Ok(match lost::remove_later(shop, customer).await? {
                Asked::Now(due) => format!(
                    "the second factors of this account go within an hour after {}, unless the owner objects, who is told by mail",
                    at(due)
                ),
                Asked::Already(due) => format!("this was asked for before: they go within an hour after {}", at(due)),
                Asked::Nothing => {
                    return Err(
                        "this account has no authenticator app; its owner can sign in with password and mailbox".into(),
                    );
                }
                Asked::NotTried => {
                    return Err("nobody has come as far as the question for the app's code within a day: have the person sign in \
                                with their password up to there, then run this again"
                        .into());
                }
            })
        }
        FactorsWhat::Keep { email } => {
            let customer = office::customer(shop, &email, "factors/keep").await?;
            let kept = lost::keep_by_the_shop(shop, customer).await?;
            Ok(if kept {
                "the second factors of this account stay; the owner is told by mail".to_owned()
            } else {
                "nothing was to happen to the second factors of this account".to_owned()
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use noren_shop::account;

    use super::*;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(subcommand)]
        what: SessionsWhat,
    }

    #[test]
    fn sessions_end_of_one_person_or_of_all_and_never_of_both_or_nobody() {
        let typed = |words: &[&str]| Typed::try_parse_from([&["sessions", "end"], words].concat());
        for words in [&["--email", "a@example.jp"][..], &["--all"]] {
            assert!(typed(words).is_ok(), "{words:?}");
        }
        for words in [&[][..], &["--email"], &["--all", "--email", "a@example.jp"]] {
            assert!(typed(words).is_err(), "{words:?}");
        }
    }

    #[tokio::test]
    async fn what_was_done_about_an_account_is_said_in_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let (vault, _here) = crate::vault::beside(dir.path());
        let shop = Shop::open(dir.path(), vault, None, "http://127.0.0.1", true).await.unwrap();
        shop.migrate().await.unwrap();
        account::demo(&shop).await.unwrap();
        let email = || account::demo_addresses(&shop).remove(0);
        let one = Whose { email: Some(email()), all: false };
        assert!(ended(&shop, one).await.unwrap().starts_with("this person is signed in nowhere"));
        let all = ended(&shop, Whose { email: None, all: true }).await.unwrap();
        assert!(all.starts_with("0 session(s) ended;"), "{all}");
        let nobody = Whose { email: Some("nobody@example.jp".to_owned()), all: false };
        let refused = ended(&shop, nobody).await.unwrap_err().to_string();
        assert!(refused.starts_with("there is no account with this address;"), "{refused}");
        let refused = done(&shop, FactorsWhat::Remove { email: email() }).await.unwrap_err().to_string();
        assert!(refused.contains("no authenticator app"), "{refused}");
        let kept = done(&shop, FactorsWhat::Keep { email: email() }).await.unwrap();
        assert_eq!(kept, "nothing was to happen to the second factors of this account");
    }
}
