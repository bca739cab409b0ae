//! What may be opened for what, by whom, and how much of it. Decided here, in the vault: a caller that has
//! been taken over can ask, and is refused and written down.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use noren_ledger::leaf::{Act, Actor, Deed, Field, Fields, Kind, Leaf, Outcome, Purpose, Tag};

/// No reference.
pub const NO_REFERENCE: [u8; 16] = [0; 16];

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// What was typed at a checkout is shown at a checkout for so long after; later it is an order's, and opens
/// for purposes that say which.
pub const CHECKOUT_AGE: u64 = 90 * DAY;

/// What a purpose allows.
struct Rule {
    fields: Fields,
    /// Whether a number must say which mail, order or ticket it is for.
    reference: bool,
    actors: &'static [Actor],
}

fn rule(purpose: Purpose) -> Rule {
    use Actor::{Customer, Guest, Operator, Shop};
    let all = Fields::of(Field::ALL);
    let (fields, reference, actors): (Fields, bool, &'static [Actor]) = match purpose {
        // The confirmation repeats all that was ordered, so that a mistake is seen in time.
        Purpose::Mail => (all, true, &[Shop]),
        Purpose::OrderView => (all, true, &[Guest, Customer, Operator]),
        Purpose::SelfView => (all, false, &[Customer]),
        Purpose::Checkout => (all, true, &[Guest, Customer]),
        // A copy of all that is held about a person, for that person.
        Purpose::Export => (all, true, &[Customer]),
        // Nothing in the shop needs these yet; what nobody needs, nobody may.
        Purpose::Login | Purpose::Ship | Purpose::Support | Purpose::Notice | Purpose::CanaryCheck => {
            (Fields::NONE, true, &[])
        }
    };
    Rule { fields, reference, actors }
}

/// Whether `fields` of one person may be opened by `actor` for `purpose`; `Err` says why not.
pub fn judge(purpose: Purpose, fields: Fields, reference: [u8; 16], actor: Actor) -> Result<(), Outcome> {
    let rule = rule(purpose);
    if !rule.actors.contains(&actor) {
        return Err(Outcome::ActorRefused);
    }
    if fields == Fields::NONE || !fields.within(rule.fields) {
        return Err(Outcome::FieldRefused);
    }
    if rule.reference == (reference == NO_REFERENCE) {
        return Err(Outcome::ReferenceRefused);
    }
    Ok(())
}

/// Whether `actor` may look for somebody by `field` for `purpose`.
pub fn judge_index(purpose: Purpose, field: Field, actor: Actor) -> Result<(), Outcome> {
    let actors: &[Actor] = match purpose {
        Purpose::Login => &[Actor::Guest, Actor::Customer, Actor::Operator],
        Purpose::Checkout => &[Actor::Guest, Actor::Customer],
        _ => &[],
    };
    if !actors.contains(&actor) {
        return Err(Outcome::ActorRefused);
    }
    if field == Field::Email { Ok(()) } else { Err(Outcome::FieldRefused) }
}

/// Who may destroy somebody's key: the shop's jobs, once the record is gone.
pub fn judge_shred(actor: Actor) -> Result<(), Outcome> {
    if actor == Actor::Shop { Ok(()) } else { Err(Outcome::ActorRefused) }
}

/// Who may ask what was written about somebody.
pub fn judge_prove(actor: Actor) -> Result<(), Outcome> {
    if matches!(actor, Actor::Customer | Actor::Operator) { Ok(()) } else { Err(Outcome::ActorRefused) }
}

/// How much may be done, and how soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many people may be opened a minute for one purpose, over all actors together.
    pub per_minute: u32,
    /// An index key is not destroyed sooner after another one began to take its place: a request that began before may
    /// still bring an index under it.
    pub grace: Duration,
}

impl Default for Limits {
    /// A hundred a second: more than a busy shop needs, and a hundred thousand people take a quarter of an hour. And as
    /// long as the shop gives a request.
    fn default() -> Self {
        Self { per_minute: 6_000, grace: Duration::from_secs(30) }
    }
}

/// How much one actor may open for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// People a minute.
    pub minute: u32,
    /// People an hour.
    pub hour: u32,
    /// Different people a day.
    pub day: u32,
}

/// Jobs of the shop work for everybody; a person behind a screen reads one after the other; a customer
/// reads their own.
fn budget(kind: Kind, purpose: Option<Purpose>, actor: Actor, limits: Limits) -> Budget {
    match actor {
        // All orders of one person at once, each a person of its own if a guest placed it, and again for the file. Nobody
        // gets more by it than by asking as several customers: the ceiling holds for all of them.
        Actor::Customer if purpose == Some(Purpose::Export) => Budget {
            minute: limits.per_minute,
            hour: limits.per_minute.saturating_mul(4),
            day: limits.per_minute.saturating_mul(2),
        },
        // Looking for somebody gives nothing away but whether they are there, and the shop has limits of its own
        // for it, which know who has been here before. Behind one network there are many people.
        Actor::Guest | Actor::Customer if kind == Kind::Index => Budget { minute: 600, hour: 6_000, day: 0 },
        // A key is exchanged now and then, and each time stands in the ledger for ever.
        _ if kind == Kind::Rotate => Budget { minute: 10, hour: 60, day: 0 },
        // Rows that were put back from an old backup are found again only by another index.
        Actor::Operator if kind == Kind::Index => {
            Budget { minute: limits.per_minute.saturating_mul(10), hour: limits.per_minute.saturating_mul(200), day: 0 }
        }
        // Each proof is signed anew, and the list grows by it.
        Actor::Customer if kind == Kind::Prove => Budget { minute: 30, hour: 300, day: 200 },
        Actor::Vault | Actor::Shop => Budget {
            minute: limits.per_minute,
            hour: limits.per_minute.saturating_mul(20),
            day: limits.per_minute.saturating_mul(100),
        },
        Actor::Staff => Budget { minute: 20, hour: 200, day: 300 },
        // Packs and sends all that was ordered.
        Actor::Operator => Budget { minute: 120, hour: 1_200, day: 3_000 },
        // Behind one session stands one person, and the orders that they have placed.
        Actor::Guest | Actor::Customer => Budget { minute: 60, hour: 600, day: 200 },
        Actor::Stranger => Budget { minute: 0, hour: 0, day: 0 },
    }
}

/// A window that counts from the first read in it on.
#[derive(Default)]
struct Window {
    began: u64,
    used: u32,
}

impl Window {
    /// How much is used of it at the time `now`. A clock that was set back begins no new window; but what was
    /// used in a time that has not come yet is over as soon as if it had been used now.
    fn used(&mut self, now: u64, length: u64) -> u32 {
        self.began = self.began.min(now);
        if now - self.began >= length {
            *self = Self { began: now, used: 0 };
        }
        self.used
    }
}

#[derive(Default)]
struct Used {
    minute: Window,
    hour: Window,
    day_began: u64,
    people: HashSet<Tag>,
    /// When it was last refused something, and that was written down.
    told: u64,
}

/// One call that a budget is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Opening, or looking for somebody.
    pub kind: Kind,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Who.
    pub actor: Actor,
    /// Which one, as the ledger calls them.
    pub actor_id: [u8; 16],
    /// About whom; nobody when somebody is looked for.
    pub subject: Tag,
    /// When, in UTC milliseconds.
    pub time: u64,
}

/// What every actor has used of its budgets. It follows from the ledger: a vault that is started again goes
/// on where it was.
#[derive(Default)]
pub struct Budgets {
    limits: Limits,
    used: HashMap<(Kind, Option<Purpose>, Actor, [u8; 16]), Used>,
    all: HashMap<(Kind, Option<Purpose>), Window>,
    forgot: u64,
}

/// It does not fit into the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget {
    /// Whether the same actor was told so within the last second.
    pub told: bool,
}

impl Budgets {
    /// Nothing is used yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes one call out of the budgets of its actor and of its purpose, or says that it does not fit.
    pub fn take(&mut self, ask: Ask) -> Result<(), OverBudget> {
        self.forget(ask.time);
        let budget = budget(ask.kind, ask.purpose, ask.actor, self.limits);
        let ceiling = match (ask.kind, ask.purpose) {
            (Kind::Index, _) => self.limits.per_minute.saturating_mul(10),
            _ => self.limits.per_minute,
        };
        let used = self.used.entry((ask.kind, ask.purpose, ask.actor, ask.actor_id)).or_default();
        used.day_began = used.day_began.min(ask.time);
        if ask.time - used.day_began >= DAY {
            used.day_began = ask.time;
            used.people.clear();
        }
        let another = ask.subject != Tag::NOBODY && !used.people.contains(&ask.subject);
        let all = self.all.entry((ask.kind, ask.purpose)).or_default();
        let fits = used.minute.used(ask.time, MINUTE) < budget.minute
            && used.hour.used(ask.time, HOUR) < budget.hour
            && used.people.len() + usize::from(another) <= budget.day as usize
            && all.used(ask.time, MINUTE) < ceiling;
        if !fits {
            let told = ask.time.saturating_sub(used.told) < 1_000;
            if !told {
                used.told = ask.time;
            }
            return Err(OverBudget { told });
        }
        used.minute.used += 1;
        used.hour.used += 1;
        all.used += 1;
        if another {
            used.people.insert(ask.subject);
        }
        Ok(())
    }

    /// Takes what a leaf of the ledger has used.
    pub fn replay(&mut self, leaf: &Leaf) {
        let Act::Deed(deed) = leaf.act else { return };
        let Deed { kind, purpose, outcome, actor, actor_id, subject, .. } = deed;
        if outcome == Outcome::Granted
            && matches!(kind, Kind::Open | Kind::Index | Kind::Shred | Kind::Prove | Kind::Rotate)
        {
            // What was granted once is used, whatever the limits say today.
            let _ = self.take(Ask { kind, purpose, actor, actor_id, subject, time: leaf.time });
        }
    }

    /// Once an hour: forgets actors who have asked for nothing for a day. Sessions come and go.
    fn forget(&mut self, now: u64) {
        if now.saturating_sub(self.forgot) >= HOUR {
            self.forgot = now;
            self.used.retain(|_, used| now.saturating_sub(used.day_began.max(used.hour.began)) < DAY);
        }
    }
}

#[cfg(test)]
mod tests;
