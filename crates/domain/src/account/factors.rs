//! The second factors that are typed: codes of an authenticator app, and recovery codes.

use serde::{Deserialize, Serialize};

use super::typed::{characters, digits};
use crate::form::{Fault, Faults};

masked!(Totp, RecoveryCode, TotpForm, TotpSetup, QrView, RecoveryView);

/// Digits of an app's code: what every app can do.
const APP_DIGITS: usize = 6;

/// A code of an authenticator app (RFC 6238), as typed: six ASCII digits. It prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Totp(String);

impl Totp {
    /// Reads what was typed: full-width digits, spaces and hyphens are forgiven.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        digits(raw, APP_DIGITS, Fault::AppCode).map(Self)
    }

    /// The six digits.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

/// Crockford's base 32: no I, L, O, which look like digits, and no U, so that no code is a word.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// ASVS 5.0.0 6.5.2: from 112 bits on, a code may be kept as an ordinary hash.
const RECOVERY_BYTES: usize = 15;
/// Characters of a recovery code, hyphens left out.
const RECOVERY_LEN: usize = RECOVERY_BYTES * 8 / 5;

/// A recovery code: 120 bits, written as six groups of four. It opens the door once in place of a second
/// factor, and prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode([u8; RECOVERY_BYTES]);

impl RecoveryCode {
    /// The code that stands for `bytes`.
    pub const fn new(bytes: [u8; RECOVERY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads what was typed from paper: in either case, with or without hyphens and spaces, in full width,
    /// and with the letters I, L and O for the digits that they look like.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let (mut len, mut value) = (0, 0u128);
        for c in characters(raw) {
            let c = match c.to_ascii_uppercase() {
                'I' | 'L' => '1',
                'O' => '0',
                c => c,
            };
            let (_, digit) =
                ALPHABET.iter().zip(0u128..).find(|(known, _)| char::from(**known) == c).ok_or(Fault::RecoveryCode)?;
            len += 1;
            if len > RECOVERY_LEN {
                return Err(Fault::RecoveryCode);
            }
            value = (value << 5) | digit;
        }
        match (len, value.to_be_bytes().last_chunk()) {
            (0, _) => Err(Fault::Required),
            (RECOVERY_LEN, Some(bytes)) => Ok(Self(*bytes)),
            _ => Err(Fault::RecoveryCode),
        }
    }

    /// The 120 bits.
    pub fn bytes(&self) -> &[u8; RECOVERY_BYTES] {
        &self.0
    }

    /// The code as it is shown and printed: `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`.
    pub fn written(&self) -> String {
        let value = self.0.iter().fold(0u128, |value, byte| (value << 8) | u128::from(*byte));
        let letter = |at| ALPHABET[usize::try_from((value >> (5 * at)) & 31).unwrap_or_default()];
        in_fours(&(0..RECOVERY_LEN).rev().map(letter).collect::<Vec<_>>(), "-")
    }
}

/// `letters`, which are ASCII, in groups of four.
pub fn in_fours(letters: &[u8], between: &str) -> String {
    let groups: Vec<String> = letters.chunks(4).map(|four| four.iter().map(|b| char::from(*b)).collect()).collect();
    groups.join(between)
}

/// The form that takes the app's first code, as typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TotpForm {
    /// Six digits.
    pub code: String,
}

impl TotpForm {
    /// Reads the code.
    pub fn parse(&self) -> Result<Totp, Faults> {
        Totp::parse(&self.code).map_err(|fault| Faults::field("code", fault))
    }
}

/// How an account's second factors stand, for the security page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorsView {
    /// Since when codes of an authenticator app are asked for, UTC ms; `None`: they are not.
    pub totp: Option<i64>,
    /// The recovery codes.
    pub recovery: RecoveryLeft,
    /// When all of them go, UTC ms, because their owner is said to have lost them; `None`: they stay.
    pub removal: Option<i64>,
}

impl FactorsView {
    /// Whether there is an app and nothing that stands in for it: whoever loses the device is shut out.
    pub fn lacks_codes(&self) -> bool {
        self.totp.is_some() && self.recovery.left == 0
    }
}

/// Which second factors somebody else may have set up, and were removed: what of them there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedFactors {
    /// An authenticator app.
    pub app: bool,
    /// Passkeys.
    pub passkeys: bool,
    /// Recovery codes.
    pub recovery: bool,
}

impl RemovedFactors {
    /// Whether there was anything.
    pub fn any(self) -> bool {
        self.app || self.passkeys || self.recovery
    }
}

/// How many recovery codes are left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryLeft {
    /// Those that were not used yet.
    pub left: u32,
    /// When the set was made, UTC ms; `None`: there is none.
    pub made_at: Option<i64>,
}

/// The page that sets an authenticator app up, and turns it off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TotpView {
    /// There is none.
    Off,
    /// The app is to be shown this, and to give its first code.
    Begun(TotpSetup),
    /// In use since, UTC ms.
    On(i64),
}

/// What an authenticator app needs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpSetup {
    /// The `otpauth://` address, which a phone opens with its app.
    pub uri: String,
    /// The secret in base 32, in groups of four, to be typed by hand.
    pub secret: String,
    /// The address as a QR code.
    pub qr: QrView,
}

/// A QR code as one SVG path of dark squares, a module being one unit wide.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrView {
    /// Width and height in modules, the quiet zone of four on each side included.
    pub size: u32,
    /// The `d` of the path.
    pub path: String,
}

/// The page of the recovery codes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryView {
    /// How many are left.
    pub standing: RecoveryLeft,
    /// Those made just now, which are never shown again.
    pub fresh: Vec<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COUNTED: RecoveryCode = RecoveryCode::new([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

    #[test]
    fn an_apps_code_has_six_digits() {
        assert_eq!(Totp::parse("１２３ー４５６").unwrap().digits(), "123456");
        for typed in ["12345", "12345678", "abcdef"] {
            assert_eq!(Totp::parse(typed), Err(Fault::AppCode), "{typed:?}");
        }
        assert_eq!(Totp::parse(" - "), Err(Fault::Required));
        assert_eq!(format!("{:?}", Totp::parse("123456").unwrap()), "Totp(…)");
    }

    #[test]
    fn a_recovery_code_is_written_in_crockfords_letters() {
        assert_eq!(RecoveryCode::new([0; 15]).written(), "0000-0000-0000-0000-0000-0000");
        assert_eq!(RecoveryCode::new([255; 15]).written(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(COUNTED.written(), "0410-6105-0R3G-G28A-1C60-T3GF");
    }

    #[test]
    fn a_recovery_code_may_be_typed_as_it_is_read_from_paper() {
        for typed in [
            "0410-6105-0R3G-G28A-1C60-T3GF",
            "041061050r3gg28a1c60t3gf",
            " o4io 6lO5 Or3g g28a ic6o t3gf ",
            "０４１０－６Ｉ０５－０Ｒ３Ｇ－Ｇ２８Ａ－１Ｃ６０－Ｔ３ＧＦ",
            "0410ー6105ー0R3GーG28Aー1C60ーT3GF",
            "0410\u{2013}6i05\u{2212}0R3G G28A 1c60 t3gf",
        ] {
            assert_eq!(RecoveryCode::parse(typed).as_ref(), Ok(&COUNTED), "{typed}");
        }
        let whole = "0410-6105-0R3G-G28A-1C60-T3GF";
        for typed in [
            &whole[..whole.len() - 1],
            &format!("{whole}A"),
            &whole.replace("G2", "GU"),
            "暖簾",
            &whole.replace('F', "\0"),
            "0410-6105-0R3G-G28A",
        ] {
            assert_eq!(RecoveryCode::parse(typed), Err(Fault::RecoveryCode), "{typed:?}");
        }
        assert_eq!(RecoveryCode::parse(""), Err(Fault::Required));
        assert_eq!(format!("{COUNTED:?}"), "RecoveryCode(…)");
    }

    proptest! {
        #[test]
        fn a_recovery_code_survives_its_way_over_paper(bytes: [u8; 15]) {
            let code = RecoveryCode::new(bytes);
            prop_assert_eq!(RecoveryCode::parse(&code.written()), Ok(code));
        }

        #[test]
        fn whatever_is_typed_is_read_or_refused(typed in "\\PC{0,40}") {
            let _ = (Totp::parse(&typed), RecoveryCode::parse(&typed));
        }
    }
}
