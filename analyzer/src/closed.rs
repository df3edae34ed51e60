//! Which modules are closed: importing them runs no code at all (design §2).
//!
//! A module is closed if it is strict, if its parent packages and all that it
//! imports are closed, and if every name that it imports is a plain entry of the
//! module it comes from. The question is split, because a module may be finished
//! before its parents are: a module is *closed inside* if it is strict and so is
//! all that its import statements run, its own parents left out of account. Who
//! imports it has its parents before him, and asks about them then
//! ([`crate::evaluate::View`]). Members of an import cycle are closed inside
//! together or not at all.

use const_eval::ground::ImportEffect;
use const_eval::value::ModuleId;

use crate::database::Request;
use crate::evaluate::{Context, Evaluation, Finished};
use crate::load::{Module, Target};
use crate::resolve::{Location, parents};

/// Whether the members of a component, just evaluated, are closed inside. `finished` knows their dependencies.
pub fn closed_inside<'a>(
    context: Context<'a>,
    members: &'a [ModuleId],
    evaluations: &'a [Evaluation],
    finished: &'a dyn Fn(ModuleId) -> Option<&'a Finished>,
) -> bool {
    let survey = Survey { context, members, evaluations, finished };
    members.iter().zip(evaluations).all(|(member, evaluation)| {
        evaluation.done().is_some_and(|evaluated| evaluated.is_proven())
            && survey.imports_are_closed(context.table.module(*member)).is_some()
    })
}

struct Survey<'a> {
    context: Context<'a>,
    members: &'a [ModuleId],
    evaluations: &'a [Evaluation],
    finished: &'a dyn Fn(ModuleId) -> Option<&'a Finished>,
}

impl Survey<'_> {
    fn imports_are_closed(&self, module: &Module) -> Option<()> {
        for edge in &self.context.graph.edges[module.id.0 as usize] {
            let is_closed =
                self.members.contains(edge) || (self.finished)(*edge).is_some_and(|finished| finished.is_closed_inside);
            is_closed.then_some(())?;
        }
        for (request, target) in module.imports() {
            let named = target.module.as_deref()?;
            for name in parents(named).chain([named]) {
                self.runs_nothing_unknown(name)?;
            }
            self.names_are_plain(request, target, named)?;
        }
        Some(())
    }

    /// A module with source is judged by its edge; others by what they are.
    fn runs_nothing_unknown(&self, name: &str) -> Option<()> {
        if self.context.table.by_name.contains_key(name) {
            return Some(());
        }
        match self.context.resolver.resolve(name) {
            Location::Namespace(_) => Some(()),
            Location::Builtin | Location::Extension { standard: true, .. } => {
                let index = self.context.ground.module_index(name)?;
                (self.context.ground.modules()[index as usize].import_effect == ImportEffect::Nothing).then_some(())
            }
            _ => None,
        }
    }

    fn names_are_plain(&self, request: &Request, target: &Target, named: &str) -> Option<()> {
        for name in request.names.iter().filter(|name| &***name != "*") {
            let is_submodule = target.submodules.iter().any(|(submodule, _)| submodule == name);
            (is_submodule || self.is_entry(named, name)).then_some(())?;
        }
        Some(())
    }

    fn is_entry(&self, module: &str, name: &str) -> bool {
        if let Some(id) = self.context.table.by_name.get(module) {
            let evaluation = match self.members.iter().position(|member| member == id) {
                Some(position) => self.evaluations.get(position),
                None => (self.finished)(*id).map(|finished| &finished.evaluation),
            };
            return evaluation
                .and_then(Evaluation::done)
                .is_some_and(|evaluated| evaluated.namespace.contains_key(name));
        }
        let ground = self.context.ground;
        ground.module_index(module).is_some_and(|index| ground.modules()[index as usize].exports.contains_key(name))
    }
}
