//! Tests of the table against the interpreters at hand.
