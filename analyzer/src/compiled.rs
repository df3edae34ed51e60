//! What compiled modules import, as far as the source that they were compiled from lies beside them (mypyc, Cython).
//!
//! Nobody can say what an extension module does, and nothing is proven with this: a build takes such modules into the
//! bundle, since the program is going to import them.

use rustc_hash::FxHashSet;
use syntax::ir::Name;

use crate::database::{self, Database, ImportSummary, Sources};
use crate::load::want;
use crate::resolve::{Location, Resolver, SourceLocation, absolute_name, parents};

pub struct Compiled<'a> {
    resolver: &'a Resolver,
    /// Finds the sources where the other finds the compiled files.
    sources: Resolver,
    seen: FxHashSet<String>,
}

impl<'a> Compiled<'a> {
    pub fn new(resolver: &'a Resolver) -> Compiled<'a> {
        Compiled { resolver, sources: resolver.without_extensions(), seen: FxHashSet::default() }
    }

    /// What a module imports by way of compiled ones.
    pub fn imports(
        &mut self,
        database: &mut Database,
        sources: &mut Sources,
        importer: (&str, bool),
        summary: &ImportSummary,
    ) -> Vec<(Name, SourceLocation)> {
        let mut pending: Vec<String> =
            requested(importer, summary).into_iter().filter(|name| self.is_compiled(name)).collect();
        let mut wanted = Vec::new();
        while let Some(name) = pending.pop() {
            if !self.seen.insert(name.clone()) {
                continue;
            }
            let Location::Source(SourceLocation { path, is_package, .. }) = self.sources.resolve(&name) else {
                continue;
            };
            let file = sources.get(database, &path);
            let summary = database::import_summary(database, file);
            for imported in requested((&name, is_package), &summary) {
                match want(self.resolver, &imported, &mut wanted) {
                    Location::Source(_) => {}
                    _ => pending.push(imported),
                }
            }
        }
        wanted
    }

    fn is_compiled(&self, name: &str) -> bool {
        matches!(self.resolver.resolve(name), Location::Extension { standard: false, .. })
    }
}

/// The absolute names of all modules that may be imported, packages before what is in them.
fn requested((importer, is_package): (&str, bool), summary: &ImportSummary) -> Vec<String> {
    let mut names = Vec::new();
    for request in &summary.requests {
        let Some(absolute) = absolute_name(importer, is_package, request.level, &request.module) else { continue };
        names.extend(parents(&absolute).map(str::to_owned));
        names.extend(request.names.iter().filter(|name| &***name != "*").map(|name| format!("{absolute}.{name}")));
        names.push(absolute);
    }
    names
}
