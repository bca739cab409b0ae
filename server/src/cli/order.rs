//! `noren order`: what the shop's people do with one order.

use clap::{Args, Subcommand};
use noren_domain::{Lang, Yen};
use noren_shop::Shop;
use noren_shop::order::{self, Cancelled, MoneyBack, Recorded};

use super::AnyError;

/// Which thing to do.
#[derive(Args, Debug)]
pub struct Order {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Records that a bank transfer has come in; the same again records nothing
    Paid {
        /// The order's number, N-XXXX-XXXX
        no: String,
        /// What came in, in yen; it must be the whole amount
        #[arg(long, value_name = "YEN")]
        amount: i64,
    },
    /// Records that the money of a bank transfer was sent back, and calls the order off if its goods are here
    Refund {
        /// The order's number, N-XXXX-XXXX
        no: String,
        /// What went back, in yen; it must be the whole amount
        #[arg(long, value_name = "YEN")]
        amount: i64,
    },
    /// Calls off an order that is not paid and not sent, and puts its goods back on the shelf
    Cancel {
        /// The order's number, N-XXXX-XXXX
        no: String,
    },
}

/// Does it and says in one line what became of it.
pub async fn run(shop: &Shop, order: Order) -> Result<(), AnyError> {
    println!("{}", done(shop, order.what).await?);
    Ok(())
}

async fn done(shop: &Shop, what: What) -> Result<String, order::OfficeError> {
    Ok(match what {
        What::Paid { no, amount } => {
            let amount = Yen(amount);
            recorded(&no, amount, order::paid(shop, &no, amount).await?)
        }
        What::Refund { no, amount } => {
            let amount = Yen(amount);
            refunded(&no, amount, order::refunded(shop, &no, amount).await?)
        }
        What::Cancel { no } => cancelled(&no, order::cancel(shop, &no).await?),
    })
}

fn recorded(no: &str, amount: Yen, recorded: Recorded) -> String {
    let amount = amount.show(Lang::En);
    match recorded {
        Recorded::Paid => format!("{no} is paid: {amount} by bank transfer; it can be sent"),
        Recorded::Revived => format!(
            "{no} is paid: {amount} by bank transfer; it had lapsed and stands again with goods taken anew: tell the shopper, then send it"
        ),
        Recorded::Already => format!("{no} was recorded as paid before; nothing was done"),
    }
}

fn refunded(no: &str, amount: Yen, back: MoneyBack) -> String {
    let amount = amount.show(Lang::En);
    match back {
        MoneyBack::CalledOff => format!(
            "{no} is refunded ({amount} by bank transfer) and called off, and its goods are back on the shelf; no mail was sent: tell the shopper"
        ),
        MoneyBack::AfterSending => {
            format!(
                "{no} is refunded: {amount} by bank transfer; its goods had left the shop, so it stands; no mail was sent: tell the shopper"
            )
        }
        MoneyBack::Already => format!("{no} was recorded as refunded before; nothing was done"),
    }
}

fn cancelled(no: &str, cancelled: Cancelled) -> String {
    match cancelled {
        Cancelled::Now => {
            format!("{no} is called off and its goods are back on the shelf; no mail was sent: tell the shopper")
        }
        Cancelled::Already => format!("{no} was called off before; nothing was done"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_order_that_is_not_there_is_told_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let shop = Shop::open(dir.path(), None, "http://127.0.0.1", true).await.unwrap();
        shop.migrate().await.unwrap();
        let no = || "n-2345-6789".to_owned();
        for what in [What::Paid { no: no(), amount: 1_080 }, What::Cancel { no: no() }] {
            let refused = done(&shop, what).await.unwrap_err().to_string();
            assert!(refused.starts_with("there is no order N-2345-6789;"), "{refused}");
        }
    }

    #[test]
    fn what_was_done_is_one_line_that_names_the_order_and_the_money() {
        assert_eq!(
            recorded("N-2345-6789", Yen(1_080), Recorded::Paid),
            format!("N-2345-6789 is paid: {} by bank transfer; it can be sent", Yen(1_080).show(Lang::En))
        );
        for line in [
            recorded("N-2345-6789", Yen(1_080), Recorded::Revived),
            recorded("N-2345-6789", Yen(1_080), Recorded::Already),
            cancelled("N-2345-6789", Cancelled::Now),
            cancelled("N-2345-6789", Cancelled::Already),
        ] {
            assert!(line.starts_with("N-2345-6789 ") && line.lines().count() == 1, "{line}");
        }
    }
}
