//! What may be opened for what, by whom, and how much of it. Decided here, in the vault: a caller that has
//! been taken over can ask, and is refused and written down.

use std::collections::{HashMap, HashSet};

use noren_ledger::leaf::{Actor, Field, Fields, Outcome, Purpose, Tag};

/// Most people in one call. More at once needs a ticket that two people have signed.
pub const MOST_SUBJECTS: usize = 50;
/// No reference.
pub const NO_REFERENCE: [u8; 16] = [0; 16];

/// What a purpose allows.
struct Rule {
    fields: Fields,
    /// Whether a number must say which mail, order or ticket it is for.
    reference: bool,
    actors: &'static [Actor],
}

fn rule(purpose: Purpose) -> Rule {
    use Actor::{Customer, Guest, Operator, Shop, Staff};
    use Field::{Building, City, Email, GiftMessage, Kana, Name, Phone, PostalCode, Street};
    let all = Fields::of(Field::ALL);
    let parcel = Fields::of(&[Name, Kana, PostalCode, City, Street, Building, Phone, GiftMessage]);
    let (fields, reference, actors): (Fields, bool, &'static [Actor]) = match purpose {
        // The confirmation repeats where the parcel goes.
        Purpose::Mail => (Fields::of(&[Email, Name, PostalCode, City, Street, Building]), true, &[Shop]),
        Purpose::Ship => (parcel, true, &[Shop, Staff, Operator]),
        Purpose::OrderView => (all, true, &[Guest, Customer, Staff, Operator]),
        Purpose::Support => (all, true, &[Staff]),
        Purpose::SelfView => (all, false, &[Guest, Customer]),
        Purpose::Login => (Fields::of(&[Email]), false, &[Guest, Customer]),
        Purpose::Export => (all, true, &[Staff, Operator]),
        Purpose::Notice => (Fields::of(&[Email, Name]), true, &[Shop, Staff]),
        Purpose::CanaryCheck => (Fields::of(&[Email, Name, Phone]), false, &[Shop]),
        Purpose::Checkout => (all, true, &[Guest, Customer]),
    };
    Rule { fields, reference, actors }
}

/// Whether `fields` of `subjects` people may be opened by `actor` for `purpose`; `Err` says why not.
pub fn judge(
    purpose: Purpose,
    fields: Fields,
    reference: [u8; 16],
    actor: Actor,
    subjects: usize,
) -> Result<(), Outcome> {
    let rule = rule(purpose);
    if !rule.actors.contains(&actor) {
        return Err(Outcome::Stranger);
    }
    if fields == Fields::NONE || !fields.within(rule.fields) {
        return Err(Outcome::FieldRefused);
    }
    if rule.reference == (reference == NO_REFERENCE) {
        return Err(Outcome::ReferenceRefused);
    }
    if subjects == 0 || subjects > MOST_SUBJECTS {
        return Err(Outcome::TooManySubjects);
    }
    Ok(())
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

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

/// What is allowed where nobody has said otherwise. Jobs of the shop work for everybody; a person behind a
/// screen reads one after the other; a customer reads their own.
pub fn budget(actor: Actor) -> Budget {
    match actor {
        Actor::Vault | Actor::Shop => Budget { minute: 600, hour: 10_000, day: 50_000 },
        Actor::Staff | Actor::Operator => Budget { minute: 20, hour: 200, day: 300 },
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
    fn left(&mut self, now: u64, length: u64, most: u32) -> u32 {
        if now.saturating_sub(self.began) >= length || now < self.began {
            *self = Self { began: now, used: 0 };
        }
        most.saturating_sub(self.used)
    }
}

#[derive(Default)]
struct Used {
    minute: Window,
    hour: Window,
    day_began: u64,
    people: HashSet<Tag>,
}

/// What every actor has used of its budgets. In memory: a vault that is started again begins anew, and its
/// start stands in the ledger.
#[derive(Default)]
pub struct Budgets {
    used: HashMap<(Actor, [u8; 16], Purpose), Used>,
}

impl Budgets {
    /// Takes `people` out of the budget of one actor and purpose at the time `now` (UTC milliseconds): all
    /// of them or, when it does not hold that many, none.
    pub fn take(
        &mut self,
        actor: Actor,
        actor_id: [u8; 16],
        purpose: Purpose,
        people: &[Tag],
        now: u64,
    ) -> Result<(), Outcome> {
        let budget = budget(actor);
        let used = self.used.entry((actor, actor_id, purpose)).or_default();
        if now.saturating_sub(used.day_began) >= DAY || now < used.day_began {
            used.day_began = now;
            used.people.clear();
        }
        let asked = u32::try_from(people.len()).unwrap_or(u32::MAX);
        let new = people.iter().filter(|tag| !used.people.contains(*tag)).collect::<HashSet<_>>().len();
        let fits = asked <= used.minute.left(now, MINUTE, budget.minute)
            && asked <= used.hour.left(now, HOUR, budget.hour)
            && used.people.len() + new <= budget.day as usize;
        if !fits {
            return Err(Outcome::OverBudget);
        }
        used.minute.used += asked;
        used.hour.used += asked;
        used.people.extend(people);
        Ok(())
    }

    /// Forgets actors who have asked for nothing for a day: sessions come and go.
    pub fn forget(&mut self, now: u64) {
        self.used.retain(|_, used| now.saturating_sub(used.day_began.max(used.hour.began)) < DAY);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REFERENCE: [u8; 16] = [1; 16];

    #[test]
    fn a_purpose_opens_its_own_fields_for_its_own_people_and_says_which_reference_it_is_for() {
        let email = Fields::of(&[Field::Email]);
        let mail = |fields, reference, actor| judge(Purpose::Mail, fields, reference, actor, 1);
        assert_eq!(mail(email, REFERENCE, Actor::Shop), Ok(()));
        assert_eq!(mail(email, NO_REFERENCE, Actor::Shop), Err(Outcome::ReferenceRefused));
        assert_eq!(mail(Fields::of(&[Field::Email, Field::Phone]), REFERENCE, Actor::Shop), Err(Outcome::FieldRefused));
        assert_eq!(mail(Fields::NONE, REFERENCE, Actor::Shop), Err(Outcome::FieldRefused));
        assert_eq!(mail(email, REFERENCE, Actor::Customer), Err(Outcome::Stranger));
        let own = |reference, subjects| judge(Purpose::SelfView, email, reference, Actor::Customer, subjects);
        assert_eq!(own(NO_REFERENCE, 1), Ok(()));
        assert_eq!(own(REFERENCE, 1), Err(Outcome::ReferenceRefused), "none that could stand for something else");
        assert_eq!((own(NO_REFERENCE, 50), own(NO_REFERENCE, 51)), (Ok(()), Err(Outcome::TooManySubjects)));
        assert_eq!(own(NO_REFERENCE, 0), Err(Outcome::TooManySubjects));
    }

    #[test]
    fn nobody_opens_anything_as_a_stranger_or_for_a_purpose_that_is_not_theirs() {
        for purpose in Purpose::ALL {
            for reference in [NO_REFERENCE, REFERENCE] {
                assert!(judge(*purpose, Fields::of(&[Field::Email]), reference, Actor::Stranger, 1).is_err());
            }
        }
        assert_eq!(
            judge(Purpose::Support, Fields::of(&[Field::Name]), REFERENCE, Actor::Shop, 1),
            Err(Outcome::Stranger)
        );
    }

    #[test]
    fn a_member_of_staff_who_reads_one_after_the_other_is_stopped() {
        let mut budgets = Budgets::default();
        let mut read = |no: u32, now| {
            let mut tag = [0; 16];
            tag[..4].copy_from_slice(&no.to_be_bytes());
            budgets.take(Actor::Staff, [1; 16], Purpose::Support, &[Tag(tag)], now)
        };
        let in_a_minute = (0..30).filter(|no| read(*no, 1_000).is_ok()).count();
        assert_eq!(in_a_minute, 20);
        // Slowly enough for the minute and the hour, and still no more than 300 people in a day.
        let in_a_day =
            (0..1_000u64).filter(|no| read(u32::try_from(*no).unwrap(), 61_000 + no * 80_000).is_ok()).count();
        assert!((280..=300).contains(&in_a_day), "{in_a_day}");
        assert_eq!(read(3, DAY + DAY), Ok(()), "the next day");
    }

    #[test]
    fn reading_the_same_person_again_is_no_other_person_and_another_actor_has_a_budget_of_its_own() {
        let mut budgets = Budgets::default();
        let mut at = 0;
        for _ in 0..500 {
            at += 10_000;
            assert_eq!(budgets.take(Actor::Customer, [1; 16], Purpose::SelfView, &[Tag([1; 16])], at), Ok(()));
        }
        for actor in 2..50 {
            assert_eq!(budgets.take(Actor::Customer, [actor; 16], Purpose::SelfView, &[Tag([1; 16])], at), Ok(()));
        }
        budgets.forget(at + DAY);
        assert!(budgets.used.is_empty());
    }

    proptest! {
        #[test]
        fn no_way_of_asking_gets_more_than_the_budget(asks in prop::collection::vec((1u8..60, 0u64..90_000, any::<u8>()), 1..200)) {
            let mut budgets = Budgets::default();
            let most = budget(Actor::Staff);
            let (mut now, mut taken): (u64, Vec<(u64, usize)>) = (1_000_000, Vec::new());
            for (people, pause, first) in asks {
                now += pause;
                let tags: Vec<Tag> = (0..people).map(|at| Tag([at.wrapping_add(first); 16])).collect();
                if budgets.take(Actor::Staff, [1; 16], Purpose::Support, &tags, now).is_ok() {
                    taken.push((now, usize::from(people)));
                }
                // Windows begin at the first read in them, so any span holds at most what two of them do.
                let within = |span| taken.iter().filter(|(at, _)| now - at < span).map(|(_, people)| people).sum::<usize>();
                prop_assert!(within(MINUTE) <= 2 * most.minute as usize);
                prop_assert!(within(HOUR) <= 2 * most.hour as usize);
            }
        }
    }
}
