//! The rules of the hall, seen from outside: events in, effects out.
#![cfg(test)]

mod anything;
mod clock;
mod counters;
mod day_of_a_hall;
mod look_up;
mod paper;
mod properties;
mod ratings;
mod support;
mod trouble;
mod update;
