//! Which names a statement has surely bound when it completes: definite assignment.
//!
//! A name that a statement binds on some paths only, a residual `try` for example, may be unbound after it.
//! Reading it may raise `NameError`; that is another thing than a value that is not known. This is a
//! forward data-flow analysis over a code: at each instruction, the names bound on every path that leads
//! there. An instruction that may raise has an edge to the handler in force.

use syntax::ir::{Code, Instruction, Name};

/// Longest code that is looked into; of a longer one no name is called sure.
const MAX_INSTRUCTIONS: usize = 100_000;

#[derive(Clone, PartialEq, Eq)]
struct State {
    /// Parallel to the names asked for.
    bound: Vec<bool>,
    /// Handlers in force, innermost last.
    handlers: Vec<u32>,
}

/// For each of `names`, whether every path through the code to its end leaves it bound.
pub(super) fn surely_bound(code: &Code, names: &[Name], bound_before: impl Fn(&Name) -> bool) -> Vec<bool> {
    if code.instructions().len() > MAX_INSTRUCTIONS {
        return vec![false; names.len()];
    }
    let start = State { bound: names.iter().map(bound_before).collect(), handlers: Vec::new() };
    let mut states: Vec<Option<State>> = vec![None; code.instructions().len()];
    let mut result: Option<Vec<bool>> = None;
    let mut pending = vec![(0_u32, start)];
    while let Some((at, arriving)) = pending.pop() {
        let Some(slot) = states.get_mut(at as usize) else { continue };
        let state = match slot {
            None => slot.insert(arriving).clone(),
            Some(known) => {
                let before = known.bound.clone();
                intersect(&mut known.bound, &arriving.bound);
                if known.bound == before {
                    continue;
                }
                known.clone()
            }
        };
        let Some(instruction) = code.instructions().get(at as usize) else { continue };
        if let Some((handler, outer)) = state.handlers.split_last()
            && !never_raises(instruction)
        {
            pending.push((*handler, State { bound: state.bound.clone(), handlers: outer.to_vec() }));
        }
        let mut next = state;
        let mut falls_through = true;
        match instruction {
            Instruction::StoreName(name) | Instruction::StoreGlobal(name) => set(&mut next, names, name, true),
            Instruction::DeleteName(name) | Instruction::DeleteGlobal(name) => set(&mut next, names, name, false),
            Instruction::PushHandler(label) | Instruction::PushWithHandler(label) => next.handlers.push(*label),
            Instruction::PopHandler => {
                next.handlers.pop();
            }
            Instruction::Jump(label) => {
                pending.push((*label, next.clone()));
                falls_through = false;
            }
            Instruction::JumpIfFalse(label)
            | Instruction::JumpIfTrue(label)
            | Instruction::JumpIfFalseOrPop(label)
            | Instruction::JumpIfTrueOrPop(label)
            | Instruction::JumpIfNone(label)
            | Instruction::ForIterator(label) => pending.push((*label, next.clone())),
            Instruction::Return => {
                match &mut result {
                    Some(result) => intersect(result, &next.bound),
                    None => result = Some(next.bound.clone()),
                }
                falls_through = false;
            }
            Instruction::Raise(_) | Instruction::Reraise | Instruction::RaiseInGroup => falls_through = false,
            _ => {}
        }
        if falls_through {
            pending.push((at + 1, next));
        }
    }
    // A code that never completes leaves nobody to ask.
    result.unwrap_or_else(|| vec![true; names.len()])
}

/// Loading is not among these: a name may be unbound.
fn never_raises(instruction: &Instruction) -> bool {
    matches!(
        instruction,
        Instruction::StoreName(_)
            | Instruction::StoreGlobal(_)
            | Instruction::Constant(_)
            | Instruction::Pop
            | Instruction::Swap
            | Instruction::Duplicate
            | Instruction::Jump(_)
            | Instruction::PushHandler(_)
            | Instruction::PushWithHandler(_)
            | Instruction::PopHandler
            | Instruction::EnterExcept
            | Instruction::LeaveExcept
    )
}

fn set(state: &mut State, names: &[Name], name: &Name, value: bool) {
    if let Some(index) = names.iter().position(|other| other == name) {
        state.bound[index] = value;
    }
}

fn intersect(into: &mut [bool], other: &[bool]) {
    for (into, other) in into.iter_mut().zip(other) {
        *into &= other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, sure: &[&str]) {
        let ir =
            syntax::lower_source(source, &syntax::LowerOptions { version: (3, 13), optimize: 0 }).expect("it parses");
        let statement = ir.statements.first().expect("a statement");
        let bound = surely_bound(ir.code(statement.code), &statement.binds, |_| false);
        let found: Vec<&str> =
            statement.binds.iter().zip(bound).filter(|(_, bound)| *bound).map(|(name, _)| &**name).collect();
        assert_eq!(found, sure, "{source}");
    }

    #[test]
    fn names_bound_on_every_path_are_sure() {
        check("x = f()", &["x"]);
        check("x = a and (y := 1)", &["x"]);
        check("if a:\n    x = 1\nelse:\n    x = y = 2", &["x"]);
        check("for i in a:\n    x = 1", &[]);
        check("try:\n    x = f()\nexcept E:\n    x = None", &["x"]);
        check("try:\n    x = f()\nexcept E:\n    pass", &[]);
        check("try:\n    x = f()\nexcept E as e:\n    raise", &["x"]);
        check("try:\n    f()\nfinally:\n    x = 1", &["x"]);
        check("with f() as x:\n    y = g()", &["x"]);
        check("while True:\n    x = 1\n    if f(): break", &["x"]);
    }
}
