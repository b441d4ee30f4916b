//! Durable state: tickets, print ledger, ratings, outbox.
