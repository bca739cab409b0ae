//! Who asks the vault, and what for.

use noren_domain::Id;
use noren_domain::account::Customer;
use noren_ledger::leaf::{Actor, Purpose};
use uuid::Uuid;

/// Who asks the vault, and where in the shop.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    pub(super) actor: Actor,
    pub(super) id: Uuid,
    pub(super) route: &'static str,
}

impl Asker {
    /// Somebody who is not signed in, told apart by the cart or order that they hold the key to.
    pub fn guest(id: Uuid, route: &'static str) -> Self {
        Self { actor: Actor::Guest, id, route }
    }

    /// A customer, about themselves.
    pub fn customer(customer: Id<Customer>, route: &'static str) -> Self {
        Self { actor: Actor::Customer, id: customer.0, route }
    }

    /// A job of the shop, with nobody behind it.
    pub fn shop(route: &'static str) -> Self {
        Self { actor: Actor::Shop, id: Uuid::nil(), route }
    }

    /// Who runs the shop's machine.
    pub fn operator(route: &'static str) -> Self {
        Self { actor: Actor::Operator, id: Uuid::nil(), route }
    }

    /// The customer whose cart it is, or the guest.
    pub fn of_cart(cart: Uuid, customer: Option<Uuid>, route: &'static str) -> Self {
        customer.map_or_else(|| Self::guest(cart, route), |customer| Self::customer(Id::new(customer), route))
    }
}

/// What data are opened for, with the number that says which one.
#[derive(Clone, Copy, Debug)]
pub enum For {
    /// A mail about this order, registration, customer or sign-in.
    Mail(Uuid),
    /// This order's page.
    OrderView(Uuid),
    /// A person looks at what they gave themselves.
    SelfView,
    /// A checkout, by the number of the order to be.
    Checkout(Uuid),
    /// A copy of one's data, by its number.
    Export(Uuid),
}

impl For {
    pub(super) fn words(self) -> (Purpose, Uuid) {
        match self {
            Self::Mail(about) => (Purpose::Mail, about),
            Self::OrderView(order) => (Purpose::OrderView, order),
            Self::SelfView => (Purpose::SelfView, Uuid::nil()),
            Self::Checkout(order) => (Purpose::Checkout, order),
            Self::Export(export) => (Purpose::Export, export),
        }
    }
}

/// Why somebody is looked for by their address.
#[derive(Clone, Copy, Debug)]
pub enum LookFor {
    /// To sign in or register.
    Login,
    /// To hold an order against the others of the same address.
    Checkout,
}
