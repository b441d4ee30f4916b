//! The rules of the hall, seen from outside: events in, effects out.

mod day_of_a_hall;
mod support;
