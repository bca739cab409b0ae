//! Pictures of goods.

use leptos::prelude::*;
use noren_domain::catalogue::Picture;

/// A picture in the format and size that the browser knows best. Its size is given, so nothing shifts.
#[component]
pub fn PictureView(
    /// What to show.
    picture: Picture,
    /// The `sizes` of the layout it stands in.
    sizes: &'static str,
    /// In view at first: loaded before everything else.
    #[prop(optional)]
    eager: bool,
) -> impl IntoView {
    let (avif, webp, plain) = (picture.srcset("avif"), picture.srcset("webp"), picture.path(800, "webp"));
    view! {
        <picture>
            <source type="image/avif" srcset=avif sizes=sizes />
            <source type="image/webp" srcset=webp sizes=sizes />
            <img
                src=plain
                alt=picture.alt
                width=picture.width.to_string()
                height=picture.height.to_string()
                loading=(!eager).then_some("lazy")
                fetchpriority=eager.then_some("high")
                decoding="async"
            />
        </picture>
    }
}
