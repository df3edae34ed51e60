//! What decides whether a module is found, or how deeply calls may be nested, changed by the program itself.
//!
//! The analysis has found every module along the target's search path. Who takes entries away from `sys.path`,
//! `sys.meta_path` or `sys.path_hooks`, or puts `None` into `sys.modules`, makes imports fail that would
//! succeed otherwise. Additions only matter where they hide what was found, and that is noticed when a bundle is used.

use super::{Eval, Machine};
use crate::effect::Changed;
use crate::reason::{Reason, Rule};
use crate::value::{Integer, Value};
use crate::world::Resolved;

/// `sys.getrecursionlimit()` of an interpreter that has just been started.
const DEFAULT_RECURSION_LIMIT: i64 = 1000;

/// Lists by which modules are found.
const SEARCHED: [&str; 3] = ["path", "meta_path", "path_hooks"];

/// Methods that take entries of these lists away, or put them into another order.
const REMOVING: [&str; 5] = ["clear", "pop", "remove", "reverse", "sort"];

/// The name in `sys` under which the value was read, if it is one that modules are found by.
fn finder_state(reason: &Reason) -> Option<&str> {
    let name = reason.message.strip_prefix("`sys.")?.strip_suffix("` differs between processes")?;
    (name == "modules" || SEARCHED.contains(&name)).then_some(name)
}

/// Is it `[:0]` or the like: does assigning to it replace nothing?
fn is_empty_slice(key: &Value) -> bool {
    let Value::Slice(parts) = key else { return false };
    let [start, stop, step] = &**parts;
    matches!(step, Value::None) && (*stop == Value::Int(Integer::from(0)) || *start == *stop && *start != Value::None)
}

impl Machine<'_> {
    /// `container[key] = value`, or `del container[key]`, of something that is not known.
    pub(super) fn note_finder_item(&mut self, container: &Reason, key: &Value, value: Option<&Value>) {
        match (finder_state(container), key, value) {
            // An entry that is gone is loaded again.
            (None, ..) | (Some("modules"), _, None) => {}
            // What a module puts into its own place is another matter ([`super::forget`]): it was loaded all the same.
            (Some("modules"), Value::Str(name), Some(_)) if **name == *self.name => {}
            (Some("modules"), Value::Str(name), Some(Value::None | Value::Unknown(_))) => {
                self.note_change(Changed::Blocked(name.as_ref().into()));
            }
            (Some("modules"), Value::Str(_), Some(_)) => {}
            (Some(_), key, Some(_)) if is_empty_slice(key) => {}
            (Some(_), ..) => self.note_change(Changed::Search),
        }
    }

    /// `receiver.method` of something that is not known is read, to be called.
    pub(super) fn note_finder_method(&mut self, receiver: &Reason, method: &str) {
        let takes_away = match finder_state(receiver) {
            Some("modules") => matches!(method, "clear" | "update"),
            Some(_) => REMOVING.contains(&method),
            None => false,
        };
        if takes_away {
            self.note_change(Changed::Search);
        }
    }

    /// A C function that acts on the process is called.
    pub(super) fn note_recursion_limit(&mut self, function: &str, arguments: &[Value]) {
        if function != "sys.setrecursionlimit" {
            return;
        }
        let is_lower = match arguments {
            [Value::Int(limit)] => limit.to_i64().is_some_and(|limit| limit < DEFAULT_RECURSION_LIMIT),
            _ => true,
        };
        if is_lower {
            self.note_change(Changed::RecursionLimit);
        }
    }

    /// May a call be one too many?
    pub(super) fn is_nested_too_deeply(&self) -> bool {
        let depth = self.positions.len();
        depth > self.budget.depth || depth > 1 && self.overlay.is_unknown(&Changed::RecursionLimit)
    }

    /// Was something changed that could make importing the module fail?
    pub(super) fn demand_findable(&mut self, absolute: &str, guarded: bool) -> Eval<()> {
        if !self.may_not_be_found(absolute) {
            return Ok(());
        }
        if guarded {
            return self.uncertain_import(absolute);
        }
        self.past_failure = true;
        self.residual(Rule::Raises, format!("importing `{absolute}` may fail: what modules are found by was changed"))
    }

    fn may_not_be_found(&self, absolute: &str) -> bool {
        let is_blocked = |name: &str| self.overlay.is_unknown(&Changed::Blocked(name.into()));
        if absolute.match_indices('.').any(|(index, _)| is_blocked(&absolute[..index])) || is_blocked(absolute) {
            return true;
        }
        self.is_search_changed()
            && match self.world.resolve(absolute) {
                Resolved::Source(module) => {
                    module != self.module && !self.is_surely_loaded(module) && !self.world.is_loaded_at_start(module)
                }
                // Those two are there from the start. What is built in needs `sys.meta_path` all the same.
                Resolved::Ground(_) => !matches!(absolute, "sys" | "builtins"),
                Resolved::Missing | Resolved::Unfound(_) | Resolved::Unknown(_) => false,
            }
    }

    fn is_search_changed(&self) -> bool {
        let Some(sys) = self.world.ground().module_index("sys") else { return false };
        let mut names = SEARCHED.iter().chain(&["modules"]);
        self.overlay.is_unknown(&Changed::Search) || names.any(|name| self.changed_ground_global(sys, name).is_some())
    }
}
