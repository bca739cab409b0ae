//! The check phrase (合言葉): three quiet words that only this shop and its customer know. It stands in each of
//! our mails about security, so that a mail without it is told for a false one at a glance.

use crate::Lang;

masked!(CheckPhrase);

/// Things of the four seasons, one for each of six bits.
const THINGS: [(&str, &str); 64] = [
    ("若草", "young grass"),
    ("提灯", "paper lantern"),
    ("夕立", "evening rain"),
    ("風鈴", "wind chime"),
    ("朝顔", "morning glory"),
    ("縁側", "veranda"),
    ("蛍", "firefly"),
    ("団扇", "round fan"),
    ("初雪", "first snow"),
    ("椿", "camellia"),
    ("湯呑み", "tea bowl"),
    ("囲炉裏", "hearth"),
    ("紅葉", "red maple"),
    ("栗", "chestnut"),
    ("月見", "moon viewing"),
    ("虫の音", "cricket song"),
    ("桜餅", "cherry rice cake"),
    ("菜の花", "rape blossom"),
    ("つばめ", "swallow"),
    ("霞", "spring haze"),
    ("竹林", "bamboo grove"),
    ("手鞠", "thread ball"),
    ("笹舟", "bamboo boat"),
    ("蜜柑", "mandarin"),
    ("柚子", "yuzu"),
    ("梅干し", "pickled plum"),
    ("味噌汁", "miso soup"),
    ("土鍋", "clay pot"),
    ("木漏れ日", "dappled light"),
    ("入道雲", "thundercloud"),
    ("天の川", "milky way"),
    ("三日月", "crescent moon"),
    ("白鷺", "white heron"),
    ("鈴虫", "bell cricket"),
    ("金魚", "goldfish"),
    ("亀", "turtle"),
    ("狐", "fox"),
    ("狸", "raccoon dog"),
    ("鶴", "crane"),
    ("千鳥", "plover"),
    ("波", "wave"),
    ("松原", "pine shore"),
    ("渡し舟", "ferry boat"),
    ("石段", "stone steps"),
    ("鳥居", "shrine gate"),
    ("路地", "alley"),
    ("暖炉", "fireplace"),
    ("障子", "paper screen"),
    ("畳", "straw mat"),
    ("行灯", "night lamp"),
    ("硯", "ink stone"),
    ("筆", "brush"),
    ("折り鶴", "paper crane"),
    ("独楽", "spinning top"),
    ("凧", "kite"),
    ("けん玉", "cup and ball"),
    ("太鼓", "drum"),
    ("笛", "flute"),
    ("琴", "zither"),
    ("鐘", "temple bell"),
    ("藍染", "indigo cloth"),
    ("麻", "hemp"),
    ("絹糸", "silk thread"),
    ("籠", "basket"),
];

/// A check phrase.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CheckPhrase([u8; 3]);

impl CheckPhrase {
    /// The phrase for eighteen bits of `bytes`.
    pub const fn of(bytes: [u8; 3]) -> Self {
        Self([bytes[0] & 63, bytes[1] & 63, bytes[2] & 63])
    }

    /// `若草・提灯・夕立`, `young grass, paper lantern, evening rain`.
    pub fn words(self, lang: Lang) -> String {
        let words = self.0.map(|at| {
            let (ja, en) = THINGS[usize::from(at)];
            lang.pick(ja, en)
        });
        words.join(lang.pick("・", ", "))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_phrase_is_three_words_in_both_languages() {
        let phrase = CheckPhrase::of([0, 1, 66]);
        assert_eq!(phrase.words(Lang::Ja), "若草・提灯・夕立");
        assert_eq!(phrase.words(Lang::En), "young grass, paper lantern, evening rain");
    }

    #[test]
    fn no_thing_stands_twice() {
        for lang in Lang::ALL {
            let words: BTreeSet<_> = THINGS.iter().map(|(ja, en)| lang.pick(*ja, *en)).collect();
            assert_eq!(words.len(), THINGS.len());
        }
    }
}
