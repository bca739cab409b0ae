//! The checkout: what a shopper fills in, what it comes to, and what is confirmed at the end.

mod confirmation;
mod contact;
mod delivery;
mod payment;

pub use confirmation::{Confirmation, ConfirmedLine, withdrawal_words};
pub use contact::{Contact, ContactForm};
pub use delivery::{Delivery, DeliveryChoice, DeliveryForm};
pub use payment::{CASH_FEE, CASH_LIMIT, PaymentForm, PaymentMethod, TRANSFER_DAYS};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cart::Totals;
use crate::prefecture::Prefecture;
use crate::tax::TaxClass;
use crate::{Text, Yen};

/// A step of the checkout, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Who and where.
    Contact,
    /// How and when.
    Delivery,
    /// How it is paid.
    Payment,
    /// The final confirmation.
    Confirm,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 4] = [Self::Contact, Self::Delivery, Self::Payment, Self::Confirm];

    /// The page of this step, without language.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Contact => "/checkout/contact",
            Self::Delivery => "/checkout/delivery",
            Self::Payment => "/checkout/payment",
            Self::Confirm => "/checkout/confirm",
        }
    }
}

/// One line of what is being bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteLine {
    /// The variant's number in the catalogue.
    pub variant_id: i64,
    /// Its SKU.
    pub sku: String,
    /// The product's slug.
    pub slug: String,
    /// The product's name.
    pub name: Text,
    /// The options chosen; empty: none.
    pub options: Text,
    /// Hash of the picture.
    pub picture: Option<String>,
    /// Price of one unit.
    pub price: Yen,
    /// Units, 1 to 99.
    pub quantity: u32,
    /// Tax class of the product.
    pub tax_class: TaxClass,
}

impl QuoteLine {
    /// `price × quantity`.
    pub fn sum(&self) -> Yen {
        Yen(self.price.0.saturating_mul(i64::from(self.quantity)))
    }
}

/// Everything an order needs, computed from cart, catalogue and checkout at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The id the order will have.
    pub order_id: Uuid,
    /// Whom the sealed fields belong to.
    pub subject: Uuid,
    /// When the shopper last changed an answer; another tab's change makes another confirmation.
    pub revision: i64,
    /// What is bought; never empty.
    pub lines: Vec<QuoteLine>,
    /// What it costs.
    pub totals: Totals,
    /// How and when it arrives.
    pub delivery: Delivery,
    /// How it is paid.
    pub payment: PaymentMethod,
    /// Where it goes.
    pub prefecture: Prefecture,
}
