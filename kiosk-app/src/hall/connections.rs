//! How many connections may be open: without a bound one machine of the LAN could use up the kiosk's file
//! descriptors, and with them its printer and its store.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

const MAX_TOTAL: usize = 192;
/// A browser opens six; a demonstration has all its officers on one machine.
pub(super) const MAX_PER_ADDRESS: usize = 64;

/// A page that takes nothing for this long is gone: a TV without power says no goodbye.
const GONE_AFTER_MS: u32 = 60_000;

type Open = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// Closes connections above the bounds as soon as they come in.
pub(super) struct BoundedListener {
    inner: TcpListener,
    open: Open,
}

/// A counted connection.
pub(super) struct Counted {
    stream: TcpStream,
    address: IpAddr,
    open: Open,
}

/// The address that a request came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub IpAddr);

impl BoundedListener {
    pub fn new(inner: TcpListener) -> Self {
        Self { inner, open: Open::default() }
    }
}

impl Listener for BoundedListener {
    type Io = Counted;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Counted, SocketAddr) {
        loop {
            // The trait's own method for a TCP listener: it waits out errors such as too many open files.
            let (stream, from) = Listener::accept(&mut self.inner).await;
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let here = open.get(&from.ip()).copied().unwrap_or(0);
            if here < MAX_PER_ADDRESS && open.values().sum::<usize>() < MAX_TOTAL {
                if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(&stream, GONE_AFTER_MS) {
                    tracing::debug!(%error, "connections may outlive their pages for a while");
                }
                open.insert(from.ip(), here + 1);
                return (Counted { stream, address: from.ip(), open: Arc::clone(&self.open) }, from);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

impl Connected<IncomingStream<'_, BoundedListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, BoundedListener>) -> Self {
        Self(stream.remote_addr().ip())
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
