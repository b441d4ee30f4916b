//! The question for the state of a printer's port, which is put without waiting for the answer.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use nusb::Interface;
use nusb::transfer::{ControlIn, ControlType, Recipient, TransferError};

use super::{PortStatus, REQUEST_LIMIT};

type Answering = Pin<Box<dyn Future<Output = Result<Vec<u8>, TransferError>> + Send>>;

#[derive(Default)]
pub(super) struct Question {
    under_way: Option<Answering>,
    answer: Option<PortStatus>,
}

impl Question {
    /// Puts the question, unless it is under way.
    pub(super) fn ask(&mut self, interface: &Interface) {
        let get_port_status = ControlIn {
            control_type: ControlType::Class,
            recipient: Recipient::Interface,
            request: 1,
            value: 0,
            index: interface.interface_number().into(),
            length: 1,
        };
        self.under_way.get_or_insert_with(|| {
            Box::pin(interface.control_in(get_port_status, REQUEST_LIMIT).into_future())
        });
    }

    /// Takes note of the answer if it has come.
    pub(super) fn collect(&mut self, context: &mut Context<'_>) {
        let Some(under_way) = &mut self.under_way else { return };
        let Poll::Ready(ended) = under_way.as_mut().poll(context) else { return };
        self.under_way = None;
        // A printer that does not know the question stays without an answer.
        self.answer = ended.ok().and_then(|bytes| bytes.first().map(|byte| PortStatus::parse(*byte)));
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    pub(super) fn take_answer(&mut self) -> Option<PortStatus> {
        self.answer.take()
    }
}
