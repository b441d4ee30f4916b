//! What the server says of the kiosk's inbox, in each answer to a batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The newest command's number, so that nobody has to ask for commands that are not there. The uploader hears it, the updater
/// looks.
#[derive(Clone, Debug, Default)]
pub struct InboxNews(Arc<AtomicU64>);

impl InboxNews {
    /// The server named its newest command.
    pub fn hear(&self, newest: u64) {
        self.0.store(newest, Ordering::Relaxed);
    }

    /// The newest command's number, 0 for none.
    pub fn newest(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
