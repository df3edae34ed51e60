//! Import statements that name modules which don't exist.
//!
//! The evaluator carries an import out in its place and judges what is known of
//! its result. Where the finders would find nothing and no handler stands around
//! the statement, carrying it out raises `ModuleNotFoundError`: the statement
//! is residual, and the user wants to hear of it.

use std::sync::Arc;

use const_eval::evaluated::{Evaluated, Outcome};
use const_eval::reason::{Link, Reason, Rule, Site};
use syntax::ir::{ImportSite, StatementKind};

use crate::load::Module;
use crate::resolve::{Location, Resolver, absolute_name};

/// Makes the import statements of the module that would raise residual.
pub fn mark(evaluated: &mut Evaluated, module: &Module, resolver: &Resolver) {
    let Some(ir) = &module.ir else { return };
    for (statement, outcome) in ir.statements.iter().zip(&mut evaluated.outcomes) {
        if statement.kind != StatementKind::Import || matches!(outcome, Outcome::Residual(_)) {
            continue;
        }
        let first = ir.imports.partition_point(|site| site.range.start() < statement.range.start());
        let sites = ir.imports[first..].iter().take_while(|site| site.range.start() < statement.range.end());
        for site in sites {
            if let Some(message) = failure(module, site, resolver) {
                let link = Link { site: Site { module: module.id, range: site.range }, message: message.clone() };
                *outcome = Outcome::Residual(Arc::new(Reason { rule: Rule::Raises, message, chain: vec![link] }));
                break;
            }
        }
    }
}

fn failure(module: &Module, site: &ImportSite, resolver: &Resolver) -> Option<String> {
    let Some(absolute) = absolute_name(&module.name, module.is_package, site.level, &site.module) else {
        return Some("this relative import leads out of the top-level package, and raises ImportError".to_owned());
    };
    let missing = matches!(resolver.resolve(&absolute), Location::Missing);
    missing.then(|| format!("module `{absolute}` was not found; importing it raises ModuleNotFoundError"))
}
