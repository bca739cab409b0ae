//! The short run: every check over its seeds and over what comes of changing them, the same each time.

use std::panic::catch_unwind;

use noren_fuzz::{FOUND, TARGETS, Target};

/// Changed inputs for each target.
const ROUNDS: u32 = 10_000;
/// Bytes that mean something to one of the readers.
const TELLING: &[u8] = b"\0\x01\x02\x7f\x80\xff\n\r +-./09=@Aa\xe2";

/// Xorshift: numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    /// A number below `end`, which is not zero.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("48 bits") % end
    }

    /// A piece of something of this length: more often a short one.
    fn piece(&mut self, length: usize) -> std::ops::Range<usize> {
        let most = 1 << self.below(9);
        let start = self.below(length + 1);
        start..length.min(start + 1 + self.below(most))
    }

    /// Changes `input` in one place, perhaps with a piece of `other`.
    fn change(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        let piece = self.piece(input.len());
        match self.below(8) {
            0 | 1 if !input.is_empty() => {
                let at = self.below(input.len());
                input[at] ^= 1 << self.below(8);
            }
            2 if !input.is_empty() => {
                let at = self.below(input.len());
                input[at] = TELLING[self.below(TELLING.len())];
            }
            3 => drop(input.drain(piece)),
            4 => input.truncate(piece.start),
            5 => {
                let doubled = input[piece.clone()].to_vec();
                input.splice(piece.end..piece.end, doubled);
            }
            // In place of it what stands there in the other: the halves of two leaves, the head of another proof.
            6 => {
                let there = other.get(piece.start..piece.end.min(other.len())).unwrap_or_default().to_vec();
                input.splice(piece, there);
            }
            _ => {
                let from = other[self.piece(other.len())].to_vec();
                input.splice(piece, from);
            }
        }
    }
}

fn holds(name: &str) {
    let Target { check, seeds, .. } = TARGETS.into_iter().find(|target| target.name == name).expect("a target");
    let checked = |input: &[u8]| {
        catch_unwind(|| check(input)).unwrap_or_else(|_| panic!("{name} fell over b\"{}\"", input.escape_ascii()))
    };
    let seeds = seeds();
    for (no, seed) in seeds.iter().enumerate() {
        assert!(checked(seed), "seed {no} of {name} is refused");
    }
    for (_, input) in FOUND.iter().filter(|(of, _)| *of == name) {
        checked(input);
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut taken = 0;
    for _ in 0..ROUNDS {
        let mut input = seeds[dice.below(seeds.len())].clone();
        for _ in 0..=dice.below(3) {
            let other = dice.below(seeds.len());
            dice.change(&mut input, &seeds[other]);
        }
        taken += u32::from(checked(&input));
    }
    assert!((ROUNDS / 100..ROUNDS).contains(&taken), "{name} takes {taken} of {ROUNDS}: it cannot see much");
}

#[test]
fn a_frame_is_read_as_it_was_written_or_not_at_all() {
    holds("frame");
}

#[test]
fn a_leaf_is_read_as_it_was_written_or_not_at_all() {
    holds("leaf");
}

#[test]
fn no_checkpoint_opens_that_the_log_has_not_signed() {
    holds("checkpoint");
}

#[test]
fn nothing_is_proven_that_the_book_has_not_proven() {
    holds("proof");
}

#[test]
fn a_witness_cosigns_what_continues_what_it_has_seen_and_nothing_else() {
    holds("witness");
}

#[test]
fn an_address_has_one_canonical_form() {
    holds("email");
}
