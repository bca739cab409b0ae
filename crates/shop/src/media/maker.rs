//! Making the files that pages show, a few at a time.

use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{DynamicImage, ImageEncoder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{Format, Wanted, source, widths};
use crate::Shop;

/// Rav1e's speed (10 is its fastest) and quality: a tenth of a second more buys little for drawings.
const AVIF: (u8, u8) = (9, 60);
const WEBP_QUALITY: f32 = 78.0;
/// Pictures that may wait for their AVIF; further ones are asked for again by the next page.
const QUEUE: usize = 1_000;

/// Makes pictures: WebP when asked, AVIF when there is time. Cheap to clone.
#[derive(Clone)]
pub struct Maker {
    shop: Shop,
    /// Two WebP files at a time, each only in the width that a page waits for: browsers keep six
    /// connections, and pictures that wait in them would hold up the shopper's next click.
    gate: Arc<Semaphore>,
    queue: mpsc::Sender<String>,
}

/// What there is to say about a wanted file.
#[derive(Debug)]
pub enum Answer {
    /// Its bytes.
    File(Vec<u8>),
    /// It will be there later; the WebP is there, or made when asked for.
    Later,
    /// There is no such picture.
    Unknown,
}

impl Maker {
    /// A maker, and the names of the pictures whose AVIF somebody waits for.
    pub fn new(shop: &Shop) -> (Self, mpsc::Receiver<String>) {
        let (queue, wanted) = mpsc::channel(QUEUE);
        let maker = Self { shop: shop.clone(), gate: Arc::new(Semaphore::new(2)), queue };
        (maker, wanted)
    }

    /// The file that is `wanted`.
    pub async fn get(&self, wanted: &Wanted) -> io::Result<Answer> {
        let path = wanted.path(&self.shop);
        match tokio::fs::read(&path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found.map(Answer::File),
        }
        if !tokio::fs::try_exists(source::path(&self.shop, &wanted.name)).await? {
            return Ok(Answer::Unknown);
        }
        match wanted.format {
            Format::WebP => {
                // The turn goes along with the work: that does not end when nobody waits for it any more.
                let turn = self.gate.clone().acquire_owned().await.map_err(io::Error::other)?;
                in_background(&self.shop, &wanted.name, vec![wanted.clone()], Some(turn)).await?;
                tokio::fs::read(&path).await.map(Answer::File)
            }
            Format::Avif => {
                // Full: the next page asks again. Twice in the queue: the second time nothing is missing.
                let _ = self.queue.try_send(wanted.name.clone());
                Ok(Answer::Later)
            }
        }
    }
}

/// Makes the AVIF files of the picture `name` that are missing.
pub async fn make_avif(shop: &Shop, name: &str) -> io::Result<()> {
    let files = widths(name).map(|width| Wanted { name: name.to_owned(), width, format: Format::Avif }).collect();
    // One after the other, by the one task that calls this.
    in_background(shop, name, files, None).await
}

async fn in_background(
    shop: &Shop,
    name: &str,
    files: Vec<Wanted>,
    turn: Option<OwnedSemaphorePermit>,
) -> io::Result<()> {
    let (shop, name) = (shop.clone(), name.to_owned());
    let work = move || {
        let made = make(&shop, &name, files);
        drop(turn);
        made
    };
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Decodes or draws the source once and writes those of `files` that are missing.
fn make(shop: &Shop, name: &str, files: Vec<Wanted>) -> io::Result<()> {
    let missing: Vec<Wanted> = files.into_iter().filter(|file| !file.path(shop).exists()).collect();
    let Some(widest) = missing.iter().map(|file| file.width).max() else { return Ok(()) };
    let full = source::pixels(&source::path(shop, name), widest).map_err(io::Error::other)?;
    for file in missing {
        let image = source::narrowed(full.clone(), file.width);
        let bytes = match file.format {
            Format::Avif => avif(&image)?,
            Format::WebP => webp(&image)?,
        };
        write(shop, &file.path(shop), &bytes)?;
    }
    Ok(())
}

fn avif(image: &DynamicImage) -> io::Result<Vec<u8>> {
    let (rgb, mut bytes) = (image.to_rgb8(), Cursor::new(Vec::new()));
    image::codecs::avif::AvifEncoder::new_with_speed_quality(&mut bytes, AVIF.0, AVIF.1)
        .with_num_threads(Some(1))
        .write_image(&rgb, rgb.width(), rgb.height(), image::ExtendedColorType::Rgb8)
        .map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}

fn webp(image: &DynamicImage) -> io::Result<Vec<u8>> {
    let rgb = image.to_rgb8();
    let encoded = webp::Encoder::from_rgb(&rgb, rgb.width(), rgb.height()).encode_simple(false, WEBP_QUALITY);
    encoded.map(|bytes| bytes.to_vec()).map_err(|error| io::Error::other(format!("{error:?}")))
}

/// A reader sees the whole file or none.
fn write(shop: &Shop, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let random = u64::from_ne_bytes(shop.entropy.bytes());
    let unfinished: PathBuf = path.with_extension(format!("{random:016x}.part"));
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;
    use crate::media::Source;
    use crate::testing;

    #[tokio::test]
    async fn a_request_that_is_given_up_keeps_its_turn_until_its_work_has_ended() {
        let shop = testing::sqlite().await;
        let drawing = shop.data.join("large.svg");
        let circles: String =
            (0..4000).map(|r| format!("<circle cx='9' cy='9' r='{r}' stroke='red' fill='none'/>")).collect();
        std::fs::write(
            &drawing,
            format!("<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'>{circles}</svg>"),
        )
        .unwrap();
        let source = Source::read(&drawing).unwrap();
        source.keep(&shop, &drawing).unwrap();
        let (maker, _queue) = Maker::new(&shop);
        let wanted = Wanted::parse(&format!("{}-1200.webp", source.hash)).unwrap();

        let mut asking = Box::pin(maker.get(&wanted));
        while maker.gate.available_permits() == 2 {
            let answered = std::future::poll_fn(|cx| Poll::Ready(asking.as_mut().poll(cx).is_ready())).await;
            assert!(!answered, "the turn is taken before there is an answer");
            tokio::task::yield_now().await;
        }
        drop(asking);
        loop {
            let free = maker.gate.available_permits() == 2;
            let made = wanted.path(&shop).exists();
            assert!(!free || made, "the turn is free again and the picture still in the making");
            if free {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}
