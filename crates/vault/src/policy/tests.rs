use proptest::prelude::*;

use super::*;

const REFERENCE: [u8; 16] = [1; 16];

fn ask(actor: Actor, actor_id: u8, purpose: Purpose, person: u32, time: u64) -> Ask {
    let mut tag = [1; 16];
    tag[..4].copy_from_slice(&person.to_be_bytes());
    Ask { kind: Kind::Open, purpose: Some(purpose), actor, actor_id: [actor_id; 16], subject: Tag(tag), time }
}

#[test]
fn a_purpose_opens_its_own_fields_for_its_own_people_and_says_which_reference_it_is_for() {
    let email = Fields::of(&[Field::Email]);
    let mail = |fields, reference, actor| judge(Purpose::Mail, fields, reference, actor);
    assert_eq!(mail(email, REFERENCE, Actor::Shop), Ok(()));
    assert_eq!(mail(email, NO_REFERENCE, Actor::Shop), Err(Outcome::ReferenceRefused));
    assert_eq!(mail(Fields::NONE, REFERENCE, Actor::Shop), Err(Outcome::FieldRefused));
    assert_eq!(mail(email, REFERENCE, Actor::Customer), Err(Outcome::ActorRefused));
    let own = |reference| judge(Purpose::SelfView, email, reference, Actor::Customer);
    assert_eq!(own(NO_REFERENCE), Ok(()));
    assert_eq!(own(REFERENCE), Err(Outcome::ReferenceRefused), "none that could stand for something else");
    let export = |reference, actor| judge(Purpose::Export, email, reference, actor);
    assert_eq!(export(REFERENCE, Actor::Customer), Ok(()));
    assert_eq!(export(NO_REFERENCE, Actor::Customer), Err(Outcome::ReferenceRefused));
    for actor in [Actor::Guest, Actor::Staff, Actor::Shop, Actor::Operator] {
        assert_eq!(export(REFERENCE, actor), Err(Outcome::ActorRefused), "a copy is the person's own");
    }
}

#[test]
fn nobody_opens_anything_as_a_stranger_or_for_a_purpose_that_is_not_theirs() {
    let email = Fields::of(&[Field::Email]);
    for purpose in Purpose::ALL {
        for reference in [NO_REFERENCE, REFERENCE] {
            assert!(judge(*purpose, email, reference, Actor::Stranger).is_err());
        }
        assert!(judge_index(*purpose, Field::Email, Actor::Stranger).is_err());
        assert!(judge_index(*purpose, Field::Phone, Actor::Guest).is_err(), "people are found by address alone");
    }
    assert_eq!(judge(Purpose::Support, email, REFERENCE, Actor::Shop), Err(Outcome::ActorRefused));
    assert_eq!(judge(Purpose::CanaryCheck, email, NO_REFERENCE, Actor::Shop), Err(Outcome::ActorRefused));
    assert!(judge_shred(Actor::Customer).is_err() && judge_shred(Actor::Shop).is_ok());
    assert!(judge_prove(Actor::Guest).is_err() && judge_prove(Actor::Customer).is_ok());
}

#[test]
fn a_member_of_staff_who_reads_one_after_the_other_is_stopped() {
    let mut budgets = Budgets::default();
    let mut read = |no: u32, now| budgets.take(ask(Actor::Staff, 1, Purpose::Support, no, now));
    assert_eq!((0..30).filter(|no| read(*no, 1_000).is_ok()).count(), 20, "in a minute");
    // Slowly enough for the minute and the hour, and still no more than 300 people in a day.
    let in_a_day = (0..1_000u32).filter(|no| read(*no, 61_000 + u64::from(*no) * 80_000).is_ok()).count();
    assert!((280..=300).contains(&in_a_day), "{in_a_day}");
    assert_eq!(read(3, DAY + DAY), Ok(()), "the next day");
}

#[test]
fn a_customer_of_five_thousand_orders_that_were_guests_gets_a_copy_of_them_all_and_once_more_a_minute_later() {
    let mut budgets = Budgets::default();
    let mut read = |no, at| budgets.take(ask(Actor::Customer, 1, Purpose::Export, no, at));
    assert!((0..5_001).all(|no| read(no, 1_000).is_ok()));
    assert!((0..5_001).all(|no| read(no, 1_000 + MINUTE).is_ok()));
    assert!((0..20_000).any(|no| read(no, 1_000 + 2 * MINUTE).is_err()), "and not without end");
}

#[test]
fn reading_the_same_person_again_is_no_other_person_and_another_actor_has_a_budget_of_its_own() {
    let mut budgets = Budgets::default();
    let mut at = 0;
    for _ in 0..500 {
        at += 10_000;
        assert_eq!(budgets.take(ask(Actor::Customer, 1, Purpose::SelfView, 1, at)), Ok(()));
    }
    for actor in 2..50 {
        assert_eq!(budgets.take(ask(Actor::Customer, actor, Purpose::SelfView, 1, at)), Ok(()));
    }
    assert_eq!(budgets.take(ask(Actor::Shop, 1, Purpose::Mail, 1, at + 2 * DAY)), Ok(()));
    assert!(budgets.used.len() <= 2, "who has not come for a day is forgotten");
}

/// A shop that was taken over can call every read another guest's.
#[test]
fn many_actors_together_open_no_more_than_the_purpose_allows() {
    let mut budgets = Budgets::new(Limits { per_minute: 100, ..Limits::default() });
    let read = |budgets: &mut Budgets, no: u32, now| {
        let mut ask = ask(Actor::Guest, 0, Purpose::OrderView, no, now);
        ask.actor_id[..4].copy_from_slice(&no.to_be_bytes());
        budgets.take(ask)
    };
    assert_eq!((0..1_000).filter(|no| read(&mut budgets, *no, 5_000).is_ok()).count(), 100);
    assert!((0..1_000).all(|no| read(&mut budgets, no, 0).is_err()), "nor by a clock that is set back");
    assert_eq!(read(&mut budgets, 5, MINUTE), Ok(()), "a minute after it was set right");
    assert_eq!(read(&mut budgets, 5, 5_000 + 2 * MINUTE), Ok(()));
    assert_eq!(budgets.take(ask(Actor::Shop, 1, Purpose::Mail, 1, 5_000)), Ok(()), "another purpose");
}

#[test]
fn a_vault_that_is_started_again_goes_on_where_it_was() {
    let asks: Vec<Ask> = (0..40).map(|no| ask(Actor::Staff, 1, Purpose::Support, no, 1_000)).collect();
    let (mut before, mut after) = (Budgets::default(), Budgets::default());
    for (sequence, ask) in (0..).zip(&asks[..15]) {
        before.take(*ask).unwrap();
        let deed = Deed {
            kind: ask.kind,
            purpose: ask.purpose,
            outcome: Outcome::Granted,
            fields: Fields::of(&[Field::Name]),
            actor: ask.actor,
            subject: ask.subject,
            actor_id: ask.actor_id,
            ..crate::book::tests::deed()
        };
        after.replay(&Leaf { sequence, time: ask.time, build: 0, act: Act::Deed(deed) });
    }
    for ask in &asks[15..] {
        assert_eq!(before.take(*ask), after.take(*ask));
    }
}

proptest! {
    #[test]
    fn no_way_of_asking_gets_more_than_the_budget(asks in prop::collection::vec((1u32..60, 0u64..90_000, any::<u8>()), 1..200)) {
        let mut budgets = Budgets::default();
        let most = budget(Kind::Open, Some(Purpose::Support), Actor::Staff, Limits::default());
        let (mut now, mut taken): (u64, Vec<u64>) = (1_000_000, Vec::new());
        for (people, pause, first) in asks {
            now += pause;
            for person in 0..people {
                let person = person.wrapping_add(first.into());
                if budgets.take(ask(Actor::Staff, 1, Purpose::Support, person, now)).is_ok() {
                    taken.push(now);
                }
            }
            // Windows begin at the first read in them, so any span holds at most what two of them do.
            let within = |span| taken.iter().filter(|at| now - **at < span).count();
            prop_assert!(within(MINUTE) <= 2 * most.minute as usize);
            prop_assert!(within(HOUR) <= 2 * most.hour as usize);
        }
    }
}
