//! Pictures: their sources, and the AVIF and WebP files that pages show.
//!
//! Sources stand in `media/source/` of the data folder under the SHA-256 of their bytes.

mod source;

pub use source::{PictureError, Source};
