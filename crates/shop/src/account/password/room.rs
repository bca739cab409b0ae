//! The room in which passwords are hashed and judged, and the queue before it, which has an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::HashError;

/// So many at once, in the whole process: 4 × 19 MiB, and the cores left free for pages.
const AT_ONCE: usize = 4;
/// So many more wait: whoever is the last of them has sixteen turns before theirs. Some requests wait twice, and are served
/// well before they are given up, after thirty seconds, also where a turn takes half a second. In a queue without an end
/// nobody would be, as soon as somebody sends thousands.
const WAITING: usize = 64;

/// The room of a shop.
pub struct Room {
    /// One for each who is inside or waits.
    tickets: Arc<Semaphore>,
    /// One for each who is inside.
    places: Arc<Semaphore>,
    /// Whether this crowd has been logged.
    told: AtomicBool,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            tickets: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            told: AtomicBool::new(false),
        }
    }
}

/// What lets one request in, as often as it needs: it has it before anything is counted as a try, so that nobody shuts
/// themselves out by coming back.
pub struct Ticket {
    held: Arc<OwnedSemaphorePermit>,
    places: Arc<Semaphore>,
}

impl Room {
    /// Joins the queue; where as many wait as may, one more is refused at once.
    ///
    /// # Errors
    /// [`HashError::Full`].
    pub fn enter(&self) -> Result<Ticket, HashError> {
        let Ok(held) = Arc::clone(&self.tickets).try_acquire_owned() else {
            // Once for each crowd, and not for each of thousands.
            if !self.told.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "more passwords are to be hashed than this machine can: sign-ins are put off for a minute"
                );
            }
            return Err(HashError::Full);
        };
        if self.tickets.available_permits() >= WAITING {
            self.told.store(false, Ordering::Relaxed);
        }
        Ok(Ticket { held: Arc::new(held), places: Arc::clone(&self.places) })
    }

    /// Takes every place, inside and in the queue, until what it gives is dropped.
    #[cfg(test)]
    pub fn fill(&self) -> Vec<OwnedSemaphorePermit> {
        let both = [&self.tickets, &self.places].into_iter();
        both.flat_map(|of| std::iter::from_fn(move || Arc::clone(of).try_acquire_owned().ok())).collect()
    }
}

impl Ticket {
    /// Does `work` when its turn comes.
    pub async fn serve<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|e| HashError::Argon2(e.to_string()))?;
        let held = (Arc::clone(&self.held), place);
        tokio::task::spawn_blocking(move || {
            // Held by the work, not by the request: a client that hangs up frees no room early.
            let _held = held;
            work()
        })
        .await?
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    /// A room with so many inside that nobody's turn comes, and as many waiting as may.
    async fn crowded() -> (Arc<Room>, Vec<OwnedSemaphorePermit>, JoinSet<Result<(), HashError>>) {
        let (room, mut inside, mut waiting) = (Arc::new(Room::default()), Vec::new(), JoinSet::new());
        for _ in 0..AT_ONCE {
            for of in [&room.tickets, &room.places] {
                inside.push(Arc::clone(of).try_acquire_owned().unwrap());
            }
        }
        for _ in 0..WAITING {
            let room = Arc::clone(&room);
            waiting.spawn(async move { room.enter()?.serve(|| Ok(())).await });
        }
        while room.tickets.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        (room, inside, waiting)
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_refused_at_once_and_served_when_there_is_room_again() {
        let (room, inside, mut waiting) = crowded().await;
        assert!(matches!(room.enter(), Err(HashError::Full)));
        assert!(waiting.try_join_next().is_none(), "nobody's turn has come");
        drop(inside);
        assert!(waiting.join_all().await.iter().all(Result::is_ok), "whoever waited is served");
        assert!(room.enter().unwrap().serve(|| Ok(())).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_hangs_up_leaves_the_queue_to_others() {
        let (room, inside, mut waiting) = crowded().await;
        waiting.shutdown().await;
        assert_eq!(room.tickets.available_permits(), WAITING);
        drop(inside);
        assert!(room.enter().unwrap().serve(|| Ok(())).await.is_ok());
    }
}
