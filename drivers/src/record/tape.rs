//! What a device keeps of being recorded: the head of a recording, and the recording if there is one.

use std::io::Write;

use super::{Recorder, RecorderOptions, Session};

#[derive(Debug)]
pub(crate) struct Tape {
    session: Session,
    recorder: Option<Recorder>,
}

impl Tape {
    /// Of a device that would be recorded with this head.
    pub(crate) fn of(session: Session) -> Self {
        Self { session, recorder: None }
    }

    /// Records from here on.
    pub(crate) fn record(
        &mut self,
        target: impl Write + Send + 'static,
        options: RecorderOptions,
    ) -> std::io::Result<Recorder> {
        let recorder = Recorder::start(target, &self.session, options)?;
        self.recorder = Some(recorder.clone());
        Ok(recorder)
    }

    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Ends the recording: what follows could not be replayed from its beginning.
    pub(crate) fn stop(&mut self) {
        self.recorder = None;
    }
}
