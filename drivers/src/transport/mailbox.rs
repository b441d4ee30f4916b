//! A bounded mailbox that wakes a thread out of `poll`.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

use rustix::event::{EventfdFlags, eventfd};

/// Why a message was not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MailboxError {
    /// The device has more to do than its queue holds.
    #[error("the queue of the device is full")]
    Full,
    /// The device's thread has ended.
    #[error("the thread of the device has ended")]
    Closed,
}

/// The sending side. Clones send to the same inbox; the receiving thread ends when the last one is dropped.
#[derive(Debug)]
pub struct Mailbox<T> {
    /// Dropped before the bell rings for the last time, so that the woken thread finds the channel closed.
    sender: Option<SyncSender<T>>,
    bell: Arc<OwnedFd>,
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), bell: Arc::clone(&self.bell) }
    }
}

impl<T> Drop for Mailbox<T> {
    fn drop(&mut self) {
        drop(self.sender.take());
        ring(&self.bell);
    }
}

/// The receiving side, owned by a device's thread.
#[derive(Debug)]
pub struct Inbox<T> {
    receiver: Receiver<T>,
    bell: Arc<OwnedFd>,
}

/// Makes a mailbox of `capacity` messages.
///
/// # Errors
/// When the system has no file descriptor left.
pub fn mailbox<T>(capacity: usize) -> std::io::Result<(Mailbox<T>, Inbox<T>)> {
    let bell = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
    let (sender, receiver) = sync_channel(capacity);
    Ok((Mailbox { sender: Some(sender), bell: Arc::clone(&bell) }, Inbox { receiver, bell }))
}

impl<T> Mailbox<T> {
    /// Leaves a message and wakes the device's thread. Never waits.
    ///
    /// # Errors
    /// [`MailboxError::Full`] or [`MailboxError::Closed`]; the message is dropped.
    pub fn send(&self, message: T) -> Result<(), MailboxError> {
        let Some(sender) = &self.sender else { return Err(MailboxError::Closed) };
        match sender.try_send(message) {
            Ok(()) => {
                ring(&self.bell);
                Ok(())
            }
            Err(TrySendError::Full(_)) => Err(MailboxError::Full),
            Err(TrySendError::Disconnected(_)) => Err(MailboxError::Closed),
        }
    }
}

fn ring(bell: &OwnedFd) {
    // The counter can only fail to grow when it is near 2^64, and then the bell is ringing anyway.
    let _full = rustix::io::write(bell, &1_u64.to_ne_bytes());
}

/// What an inbox holds.
pub(crate) enum Received<T> {
    Message(T),
    Nothing,
    Closed,
}

/// Wakes the thread that owns an inbox, without a message.
#[derive(Debug, Clone)]
pub(crate) struct Waker(Arc<OwnedFd>);

impl Waker {
    pub(crate) fn wake(&self) {
        ring(&self.0);
    }
}

impl<T> Inbox<T> {
    pub(crate) fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.bell))
    }

    pub(crate) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Takes the next message and silences the bell once there is none.
    pub(crate) fn take(&self) -> Received<T> {
        let mut count = [0; 8];
        let _silent = rustix::io::read(&*self.bell, &mut count);
        match self.receiver.try_recv() {
            Ok(message) => {
                // There may be another one.
                ring(&self.bell);
                Received::Message(message)
            }
            Err(TryRecvError::Empty) => Received::Nothing,
            Err(TryRecvError::Disconnected) => Received::Closed,
        }
    }
}
