//! `noren erase`: erases an account for somebody who has asked for it by letter.

use std::io::BufRead;

use noren_domain::Lang;
use noren_domain::account::{Email, Erasure};
use noren_domain::moment;
use noren_shop::Shop;
use noren_shop::account::erase::erase_by_letter;

use super::AnyError;

/// Reads the address from the standard input, so that it stands in no history of commands, and erases its account.
pub async fn run(shop: &Shop) -> Result<(), AnyError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let email = Email::parse(&line).map_err(|_| "write one e-mail address to the standard input")?;
    let erasure = erase_by_letter(shop, &email).await?;
    println!("{}", statement(&erasure.ok_or("nobody has an account with this address; nothing was erased")?));
    Ok(())
}

fn statement(erasure: &Erasure) -> String {
    let Erasure { no, at, finished, kept, .. } = erasure;
    let when = moment::date_time(*at, Lang::En);
    let mut text = format!("{no}: erased on {when}, {finished} finished order(s) without a person from now on");
    for order in kept {
        text.push_str(&format!(
            "\n{} keeps its person until it is finished: {}",
            order.no,
            order.waits.words(Lang::En)
        ));
    }
    text.push_str("\nthe statement goes to the address as the last mail as soon as `noren serve` runs");
    text
}
