//! `noren order`: what the shop's people do with one order.

use clap::{Args, Subcommand};
use noren_domain::moment;
use noren_domain::order::{OrderSummary, OrderView};
use noren_domain::{Lang, Yen};
use noren_shop::Shop;
use noren_shop::order::{self, Cancelled, MoneyBack, Recorded, Sent};

use super::{AnyError, say};

/// Which thing to do.
#[derive(Args, Debug)]
pub struct Order {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists the orders that are still to be sent, the newest first; no personal data
    List {
        /// All that stand, those that were sent or called off among them
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Shows one order with all that is needed to pack and send it, its address among it
    Show {
        /// The order's number, N-XXXX-XXXX
        no: String,
    },
    /// Records that the parcel is with the carrier; the same again records nothing
    Sent {
        /// The order's number, N-XXXX-XXXX
        no: String,
    },
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
    say::line(done(shop, order.what).await?)?;
    Ok(())
}

async fn done(shop: &Shop, what: What) -> Result<String, AnyError> {
    Ok(match what {
        What::List { all, limit } => listed(&order::list(shop, all, limit).await?),
        What::Show { no } => match order::look_up(shop, &no).await? {
            Some(order) => shown(&order),
            None => return Err(order::OfficeError::Unknown(no).into()),
        },
        What::Sent { no } => match order::sent(shop, &no).await? {
            Sent::Now => format!("{no} is on its way; no mail was sent: tell the shopper"),
            Sent::Already => format!("{no} was recorded as sent before; nothing was done"),
        },
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

fn listed(orders: &[OrderSummary]) -> String {
    if orders.is_empty() {
        return "no orders".to_owned();
    }
    let line = |order: &OrderSummary| {
        let lang = Lang::En;
        format!(
            "{}  {:<32} {:>10}  {:<20} {:<22} {:<22} {} item(s): {}",
            order.no,
            moment::date_time(order.placed_at, lang),
            order.total.show(lang),
            order.method.name(lang),
            order.payment.name(lang),
            order.shipment.words(order.method, order.payment, lang),
            order.pieces,
            order.first.ja
        )
    };
    orders.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn shown(order: &OrderView) -> String {
    let lang = Lang::En;
    let mut text = format!(
        "{}  {}, {}, {}\n\n",
        order.no,
        order.state.name(lang),
        order.payment.name(lang),
        order.shipment.words(order.method, order.payment, lang)
    );
    for line in &order.lines {
        let options = if line.options.ja.is_empty() { String::new() } else { format!(" ({})", line.options.ja) };
        text.push_str(&format!("{:>4} × {}  {}{options}\n", line.quantity, line.sku, line.name.ja));
    }
    let address = &order.address;
    let fee =
        if order.payment_fee == Yen::ZERO { String::new() } else { format!(", fee {}", order.payment_fee.show(lang)) };
    text.push_str(&format!(
        "\nGoods {}, delivery {}{fee}: {} by {}\n\n〒{} {}{}{} {}\n{}\n{}\n{}\n\n{}",
        order.goods.show(lang),
        order.shipping.show(lang),
        order.total.show(lang),
        order.method.name(lang).to_lowercase(),
        address.postal_code,
        address.prefecture.name(Lang::Ja),
        address.city,
        address.street,
        address.building,
        address.name,
        address.phone,
        address.email,
        order.delivery_method.name(lang)
    ));
    if let Some(date) = &order.delivery_date {
        text.push_str(&format!(", on {date}"));
    }
    if let Some(slot) = order.delivery_slot {
        text.push_str(&format!(", {}", slot.name(lang)));
    }
    if order.gift_wrap {
        text.push_str("\nGift wrapping, no prices enclosed");
    }
    if !address.gift_message.is_empty() {
        text.push_str(&format!("\nCard: {}", address.gift_message));
    }
    text
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
        let (vault, _here) = crate::vault::beside(dir.path());
        let shop = Shop::open(dir.path(), vault, None, "http://127.0.0.1", true).await.unwrap();
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
