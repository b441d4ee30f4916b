//! The log: a closed catalogue of lines, each with a name that a remedy can be found by (docs/remedies.md).
//! No line carries a name, a dossier code or what a scanner read.

use kiosk_core::effect::LogEvent;

/// Writes to standard error, which the service manager keeps; `RUST_LOG` chooses what is heard (default `info`).
pub fn start() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    if subscriber.try_init().is_err() {
        tracing::debug!("a log was already started in this process");
    }
}

/// Writes a line that the rules asked for.
pub fn write(event: &LogEvent) {
    match event {
        LogEvent::Ignored { what } => tracing::debug!(what, "event-ignored"),
        LogEvent::DayOpened(day) => tracing::info!(%day, "day-opened"),
        LogEvent::ClockWentBack { secs } => tracing::warn!(secs, "clock-went-back"),
        LogEvent::ClockNotBelieved { days } => {
            tracing::error!(
                days,
                "clock-not-believed: its date is too far ahead, and the server does not confirm it"
            );
        }
        LogEvent::SeriesExhausted(series) => tracing::warn!(%series, "series-exhausted"),
        LogEvent::Print { job, outcome } => tracing::info!(job = job.0, ?outcome, "print-ended"),
        LogEvent::Overdue { what } => tracing::warn!(what, "deadline-passed"),
    }
}
