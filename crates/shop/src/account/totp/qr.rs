//! A QR code as one path of SVG, which every browser draws sharp at any size and no policy forbids.

use noren_domain::account::QrView;
use qrcodegen::{DataTooLong, QrCode, QrCodeEcc};

/// Light modules around the code, which readers need to find it (ISO/IEC 18004).
const QUIET: i32 = 4;

/// Draws `text`.
///
/// # Errors
/// It is longer than the largest QR code holds, 2,331 bytes.
pub fn drawn(text: &str) -> Result<QrView, DataTooLong> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            // Dark modules in a row become one bar.
            let width = (x..code.size()).take_while(|at| code.get_module(*at, y)).count();
            if width > 0 {
                path.push_str(&format!("M{} {}h{width}v1h-{width}z", x + QUIET, y + QUIET));
            }
            x += i32::try_from(width).unwrap_or_default() + 1;
        }
    }
    Ok(QrView { size: (code.size() + 2 * QUIET).unsigned_abs(), path })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the path paints, line by line.
    fn painted(view: &QrView) -> Vec<String> {
        let size = view.size as usize;
        let mut rows = vec![vec![b'.'; size]; size];
        for bar in view.path.split('M').skip(1) {
            let (at, rest) = bar.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let width: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            assert_eq!(rest, format!("{width}v1h-{width}z"));
            rows[y][x..x + width].fill(b'#');
        }
        rows.into_iter().map(|row| String::from_utf8(row).unwrap()).collect()
    }

    #[test]
    fn the_path_paints_what_the_library_computed_within_a_quiet_zone() {
        let text = "otpauth://totp/Norendo:hanako@example.jp?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Norendo";
        let (code, rows) = (QrCode::encode_text(text, QrCodeEcc::Medium).unwrap(), painted(&drawn(text).unwrap()));
        for (y, row) in (-QUIET..).zip(&rows) {
            for (x, painted) in (-QUIET..).zip(row.bytes()) {
                // Outside of the code everything is light.
                assert_eq!(painted == b'#', code.get_module(x, y), "{x} {y}");
            }
        }
        assert!(rows[4].starts_with("....#######."), "the corner that readers look for");
    }

    #[test]
    fn what_no_code_can_hold_is_an_error() {
        assert!(drawn(&"x".repeat(3_000)).is_err());
    }
}
