//! The plan of a build, taken from the analyzer's results, and the build that follows it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::{AnalysedModule, Analysis, Interpreter, ModuleGlobs, Store, Verdict, shortened};
use artifact::model::Target;
use const_eval::effect::Change;
use const_eval::evaluated::{Evaluated, Outcome};
use const_eval::heap::Object;
use const_eval::value::Value;

use crate::build::{BuildError, Progress, Settings, Summary, build_plan};
use crate::drive::find_native;
use crate::plan::{Dependency, Kind, LeftOut, ModulePlan, Plan, Statement, StatementKind};

/// Which modules the bundle is to hold.
pub struct Selection<'a> {
    /// Empty: all that are reached.
    pub include: &'a ModuleGlobs,
    pub exclude: &'a ModuleGlobs,
}

/// Builds the bundle of what was analysed and writes it to `output`. What was harvested before, and would be harvested
/// again, is taken from `harvests`.
pub fn build(
    analysis: &Analysis,
    selection: &Selection,
    output: &Path,
    harvests: Store,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Summary, BuildError> {
    let facts = &analysis.interpreter().facts;
    let native = native_of(analysis.interpreter())
        .ok_or_else(|| BuildError::NoRuntime { executable: facts.executable.display().to_string() })?;
    let (plan, left_out) = plan(analysis, selection);
    let settings = Settings {
        executable: &facts.executable,
        native: Some(&native),
        target: target(analysis.interpreter()),
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        hash_seed: 0,
        harvests,
    };
    let mut summary = build_plan(&plan, &settings, output, progress)?;
    summary.left_out.extend(left_out);
    summary.left_out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(summary)
}

/// The key that the interpreter's bundles carry.
pub fn target(interpreter: &Interpreter) -> Target {
    let facts = &interpreter.facts;
    let mut magic = [0; 4];
    for (to, from) in magic.iter_mut().zip(&facts.magic) {
        *to = *from;
    }
    let (major, minor, micro) = facts.version;
    Target {
        cache_tag: facts.cache_tag.clone().unwrap_or_default(),
        magic,
        version: format!("{major}.{minor}.{micro}"),
        platform: facts.platform.clone(),
        optimize: facts.optimize,
    }
}

/// `lyo._native` of an interpreter, if the package is installed there.
pub fn native_of(interpreter: &Interpreter) -> Option<PathBuf> {
    find_native(&interpreter.search_path.entries, &interpreter.facts.extension_suffixes)
}

/// Plans the bundle of everything that was analysed.
pub fn plan(analysis: &Analysis, selection: &Selection) -> (Plan, Vec<LeftOut>) {
    let mut plan = Plan { modules: Vec::new(), roots: roots(analysis) };
    let mut left_out = Vec::new();
    for module in analysis.modules() {
        if module.is_script() {
            continue;
        }
        match reason_to_leave_out(analysis, module, selection) {
            Some(reason) => left_out.push(LeftOut { name: module.name().to_owned(), reason }),
            None => plan.modules.push(module_plan(analysis, module)),
        }
    }
    plan.modules.sort_by(|a, b| a.name.cmp(&b.name));
    plan.modules.dedup_by(|later, first| later.name == first.name);
    left_out.sort_by(|a, b| a.name.cmp(&b.name));
    (plan, left_out)
}

fn reason_to_leave_out(analysis: &Analysis, module: AnalysedModule, selection: &Selection) -> Option<String> {
    let name = module.name();
    let facts = &analysis.interpreter().facts;
    if !selection.include.is_empty() && !selection.include.covers(name) {
        return Some("not among the included modules".into());
    }
    if selection.exclude.covers(name) {
        return Some("excluded".into());
    }
    if module.is_standard() && is_test(name) {
        return Some("a test of the standard library".into());
    }
    if module.is_standard() && facts.frozen_modules.iter().any(|(frozen, _, _)| frozen == name) {
        return Some("frozen into the interpreter".into());
    }
    // `linecache` is loaded by `-c`, with which the interpreter was asked, and not by a script.
    if name != "linecache" && facts.preloaded_modules.iter().any(|loaded| loaded == name) {
        return Some("loaded by the interpreter before any bundle can be used".into());
    }
    if module.verdict() == Verdict::Error {
        let reason =
            module.diagnostics().first().map_or_else(|| "it can't be parsed".into(), |finding| finding.message.clone());
        return Some(reason);
    }
    if name.rsplit('.').next() == Some("__main__") {
        return Some("`__main__` is always run".into());
    }
    None
}

fn is_test(name: &str) -> bool {
    name.split('.').any(|part| matches!(part, "test" | "tests" | "idle_test"))
}

/// Where modules outside the standard library lie, in the order of the search.
fn roots(analysis: &Analysis) -> Vec<PathBuf> {
    let facts = &analysis.interpreter().facts;
    let mut roots: Vec<PathBuf> = Vec::new();
    let entries = analysis.interpreter().search_path.entries.iter();
    for root in analysis.roots().iter().chain(entries) {
        let is_standard = facts.path.contains(root) || *root == facts.stdlib;
        if !is_standard && !roots.contains(root) {
            roots.push(root.clone());
        }
    }
    roots
}

fn module_plan(analysis: &Analysis, module: AnalysedModule) -> ModulePlan {
    let kind = match module.verdict() {
        Verdict::Strict => Kind::Strict,
        Verdict::Replayable | Verdict::Partial | Verdict::Dynamic => Kind::Partial,
        Verdict::Error => Kind::Code,
    };
    let mut plan = ModulePlan {
        name: module.name().to_owned(),
        path: absolute(module.path()),
        root: absolute(module.root()),
        is_package: module.is_package(),
        is_standard: module.is_standard(),
        kind,
        steps: matches!(module.verdict(), Verdict::Partial | Verdict::Replayable),
        reason: reason(module),
        statements: Vec::new(),
        is_read_raw: analysis.ground().is_read_raw(module.name()),
        open_namespace: false,
        fails: false,
        dependencies: Vec::new(),
        imports: module.dependencies().iter().map(|id| analysis.module(*id).name().to_owned()).collect(),
        known: BTreeMap::new(),
        fillings: Vec::new(),
    };
    let (Some(ir), Some(evaluated)) = (module.ir(), module.evaluated()) else {
        plan.kind = Kind::Code;
        plan.steps = false;
        return plan;
    };
    plan.open_namespace = evaluated.open_namespace || evaluated.porous;
    plan.fails = evaluated.fails;
    let replacing = evaluated.outcomes.iter().position(|outcome| replaces(analysis, outcome));
    plan.statements = ir
        .statements
        .iter()
        .zip(&evaluated.outcomes)
        .zip(0..)
        .map(|((statement, outcome), index)| Statement {
            kind: match outcome {
                Outcome::Import => StatementKind::Import,
                _ if replacing.is_some_and(|first| first <= index as usize) => StatementKind::Residual,
                Outcome::Static => StatementKind::Static,
                Outcome::Recipe => StatementKind::Recipe,
                Outcome::Replayed(_) => StatementKind::Replayed,
                Outcome::Residual(_) | Outcome::Declared(_) => StatementKind::Residual,
            },
            binds: statement.binds.iter().chain(forgotten(evaluated, index)).map(|name| name.to_string()).collect(),
            opaque: evaluated.opaque.binary_search(&index).is_ok(),
            effects: analyzer::effects_of(analysis, module, index as usize),
        })
        .collect();
    plan.dependencies = evaluated
        .dependencies
        .iter()
        .map(|(statement, dependency)| Dependency {
            statement: *statement,
            module: dependency.module.to_string(),
            path: dependency.path.iter().map(|name| name.to_string()).collect(),
            contents: dependency.contents,
        })
        .collect();
    let others = plan.dependencies.iter().filter(|dependency| dependency.module != plan.name);
    plan.imports.extend(others.map(|dependency| dependency.module.clone()));
    if kind == Kind::Strict || plan.steps {
        plan.known = crate::known::values(analysis, evaluated);
        plan.fillings = crate::known::fillings(evaluated);
    }
    plan
}

/// Whether something that modules or classes of others hold gives way to another thing (`typing._check_generic = …`).
/// A build describes many modules in one process, and those that don't import this one see what was there before: so
/// such a statement is executed at run time only, and whatever comes after it, which may use the new thing.
fn replaces(analysis: &Analysis, outcome: &Outcome) -> bool {
    let Outcome::Replayed(replay) = outcome else { return false };
    let evaluated = |module| analysis.module(module).evaluated();
    replay.effects.iter().any(|effect| match &effect.change {
        Change::DeleteAttribute { .. } | Change::SetAttribute { object: Value::GroundModule(_), .. } => true,
        Change::SetAttribute { object: Value::Module(module), name, .. } => {
            evaluated(*module).is_some_and(|evaluated| evaluated.namespace.contains_key(name))
        }
        Change::SetAttribute { name, .. } if LABELS.contains(&&**name) => false,
        Change::SetAttribute { object: Value::Object(object), name, .. } => evaluated(object.owner)
            .and_then(|evaluated| evaluated.heap.objects.get(object.index as usize))
            .is_some_and(|target| matches!(target, Object::Class(class) if class.namespace.contains_key(name))),
        _ => false,
    })
}

/// What others compute does not rest on these, and where it does, a guard says so.
const LABELS: [&str; 4] = ["__doc__", "__module__", "__name__", "__qualname__"];

/// Older names that lead to what the statement changes: after it, they are as unknown as what it binds.
fn forgotten(evaluated: &Evaluated, statement: u32) -> impl Iterator<Item = &Arc<str>> {
    evaluated.forgotten.iter().filter(move |(index, _)| *index == statement).map(|(_, name)| name)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Why a module is not rehydrated, in a line.
fn reason(module: AnalysedModule) -> String {
    if module.verdict() == Verdict::Strict {
        return String::new();
    }
    let Some(finding) = module.diagnostics().first() else {
        return format!("its verdict is {}", module.verdict().as_str());
    };
    let line = module.positions(finding.range).start.line;
    format!("line {line}: {} ({})", shortened(&finding.message, LONGEST_MESSAGE), finding.rule.code())
}

/// The longest message that a reason quotes; causes of causes make some very long.
const LONGEST_MESSAGE: usize = 200;
