//! From verdicts to bundles; drives the target interpreter.
//!
//! [`build`](build::build) plans the bundle from an analysis, lets harvester processes in the
//! target execute what was proven (`harvest/*.py`), and writes what they found. The harvester
//! executes the target's standard library and proven statements, nothing else, under an audit
//! hook that refuses I/O. **No module that is not proven is run.** [`verify`] is the judge of the
//! result: it compares executed with rehydrated modules in fresh processes of the target.

pub mod assemble;
pub mod build;
pub mod canonical;
mod demand;
pub mod drive;
pub mod from_analysis;
mod harvests;
mod image;
mod known;
pub mod marshal;
mod methods;
pub mod plan;
pub mod verify;
